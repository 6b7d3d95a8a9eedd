"""SQL for campaigns' packs, activities and registrations."""
