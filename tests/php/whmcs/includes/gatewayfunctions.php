<?php

if (WORLD['version'] >= 8) {
    require_once __DIR__ . '/../current_user.php';
}

function getGatewayVariables($name)
{
    return WORLD['active'] ? ['type' => 'Invoices', 'paymentmethod' => $name] + WORLD['settings'] : [];
}

function logTransaction($gateway, $data, $result)
{
    traced('log', [$gateway, $data, $result]);
}
