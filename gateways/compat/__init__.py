"""What shops' plugins ask the console for: the public calls of vodafoncash.com, answered as it
documents them, and the signed claim of our own WHMCS module."""
