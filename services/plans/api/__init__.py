"""Requests to use cases and views."""

from services.plans.api import activities, campaigns, plans, publicity

routers = (campaigns.router, plans.router, activities.router, publicity.router)
