"""The outside world, imitated over real HTTP. Imports nothing of the console."""
