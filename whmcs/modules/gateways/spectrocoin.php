<?php

/**
 * SpectroCoin for WHMCS, through the Gatebook console.
 *
 * The module only sends the payer to the console, with a signed form. Orders, callbacks and the
 * booking of payments are the console's work: it tells WHMCS through the WHMCS API.
 *
 * @see https://developers.whmcs.com/payment-gateways/third-party-gateway/
 */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * @return array<string, string|bool>
 */
function spectrocoin_MetaData()
{
    // No e-mail template names: naming a template that is not installed costs the client the receipt.
    return [
        'DisplayName' => 'SpectroCoin',
        'APIVersion' => '1.1',
        'DisableLocalCreditCardInput' => true,
        'TokenisedStorage' => false,
    ];
}

/**
 * @return array<string, array<string, string>>
 */
function spectrocoin_config()
{
    $name = ['FriendlyName' => ['Type' => 'System', 'Value' => 'SpectroCoin']];
    if (!spectrocoin_loadCheckoutForm()) {
        return $name + ['UsageNotes' => ['Type' => 'System', 'Value' => spectrocoin_incomplete()]];
    }
    return $name + \Gatebook\CheckoutForm::settings();
}

/**
 * WHMCS calls this before it saves the settings and shows the message of the exception.
 *
 * @param array<string, mixed> $params
 *
 * @throws Exception if a payer could not be sent to the console with these settings
 */
function spectrocoin_config_validate(array $params)
{
    if (!spectrocoin_loadCheckoutForm()) {
        throw new Exception(spectrocoin_incomplete());
    }
    $problem = (new \Gatebook\CheckoutForm('spectrocoin', $params))->settingsProblem();
    if ($problem !== null) {
        throw new Exception($problem);
    }
}

/**
 * The pay button of an invoice. WHMCS renders it on every view and inside mails: it calls nobody.
 *
 * @param array<string, mixed> $params
 *
 * @return string HTML
 */
function spectrocoin_link(array $params)
{
    if (!spectrocoin_loadCheckoutForm()) {
        return '<p data-gatebook-reason="upload">This payment method is not available right now.'
            . ' Please choose another one or contact us.</p>';
    }
    return (new \Gatebook\CheckoutForm('spectrocoin', $params))->html();
}

/**
 * Loaded on first use, and looked for first: a PHP error while WHMCS includes a gateway file can
 * blank its whole page of gateway settings, and half-finished uploads happen.
 *
 * @return bool whether the shared folder is there
 */
function spectrocoin_loadCheckoutForm()
{
    $file = __DIR__ . '/gatebook/CheckoutForm.php';
    if (!is_file($file)) {
        return false;
    }
    require_once $file;
    return true;
}

/**
 * @return string for the merchant
 */
function spectrocoin_incomplete()
{
    return 'The folder modules/gateways/gatebook is missing. Upload the whole modules folder of the download again.';
}
