"""What our door is measured against: a Django view that verifies, inserts one row and answers."""
