"""What every service must do identically to be correct. No domain noun in it."""
