"""SQL for what plans owns. `lock` loads hold the row until the transaction ends."""
