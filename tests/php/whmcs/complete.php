<?php

// Where an order ends: another page than the invoice's.
require __DIR__ . '/viewinvoice.php';
