<?php

require __DIR__ . '/init.php';
require __DIR__ . '/modules/gateways/vodafoncash.php';

$clients = array_column(WORLD['tblclients'], null, 'id');
$client = $clients[$_SESSION['uid']];
$invoice = ['invoiceid' => (int) $_GET['id'], 'clientdetails' => $client, 'systemurl' => 'https://billing.example.com/'];
echo '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Invoice</title>'
    . '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>';
echo vodafoncash_link($invoice + WORLD['settings']);
echo '</body></html>';
