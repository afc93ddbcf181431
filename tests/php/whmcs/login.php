<?php

require __DIR__ . '/init.php';

$_SESSION['uid'] = (int) $_GET['uid'];
$_SESSION['Language'] = $_GET['language'] ?? '';

echo $_SESSION['tkval'];
