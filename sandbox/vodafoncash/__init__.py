"""vodafoncash.com as its merchants' sites see it: the check, the rate, and the callback."""
