"""演练: one season played through the services' public doors on the simulated clock, and compared."""
