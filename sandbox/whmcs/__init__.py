"""WHMCS as the console and a client see it: api.php and the client area. Our model of its docs."""
