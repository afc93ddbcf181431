<?php

/**
 * VodafoneCash for WHMCS, through the Gatebook console.
 *
 * The invoice shows how much to send to which wallet, and asks from which number it was sent. The
 * answer goes to callback/vodafoncash.php, which asks the console. Nothing here books a payment: the
 * console tells WHMCS through the WHMCS API, and WHMCS would book twice if two could book.
 *
 * @see https://developers.whmcs.com/payment-gateways/third-party-gateway/
 */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * @return array<string, string|bool>
 */
function vodafoncash_MetaData()
{
    // No e-mail template names: naming a template that is not installed costs the client the receipt.
    return [
        'DisplayName' => 'VodafoneCash',
        'APIVersion' => '1.1',
        'DisableLocalCreditCardInput' => true,
        'TokenisedStorage' => false,
    ];
}

/**
 * @return array<string, array<string, string>>
 */
function vodafoncash_config()
{
    $name = ['FriendlyName' => ['Type' => 'System', 'Value' => 'VodafoneCash']];
    if (!vodafoncash_loadWalletForm()) {
        return $name + ['UsageNotes' => ['Type' => 'System', 'Value' => vodafoncash_incomplete()]];
    }
    $notes = 'Wallets, phones, currency rate, Anti-Spam and the Store ID belong to the VodafoneCash store in the'
        . ' Gatebook console. They are never part of a page that clients see.';
    $settings = \Gatebook\WalletForm::settings();
    // What the published module asks for, so that its merchants find it.
    $settings['consoleUrl']['FriendlyName'] = 'VodafoneCash System URL (Console URL)';
    $settings['merchantToken']['FriendlyName'] = 'Merchant token (in place of the Store ID)';
    $settings['payPage'] = [
        'FriendlyName' => 'Link instead of form',
        'Type' => 'yesno',
        'Default' => '',
        'Description' => 'The invoice shows a button to the pay page of the Gatebook console, with the same form'
            . ' there.',
    ];
    return $name + ['UsageNotes' => ['Type' => 'System', 'Value' => $notes]] + $settings;
}

/**
 * WHMCS calls this before it saves the settings and shows the message of the exception.
 *
 * @param array<string, mixed> $params
 *
 * @throws Exception if the console could not be asked with these settings
 */
function vodafoncash_config_validate(array $params)
{
    if (!vodafoncash_loadWalletForm()) {
        throw new Exception(vodafoncash_incomplete());
    }
    $problem = (new \Gatebook\WalletForm('vodafonecash', $params))->settingsProblem();
    if ($problem !== null) {
        throw new Exception($problem);
    }
}

/**
 * What stands on the invoice: the form, or the button to the console's pay page. Only the client's own
 * view of the form asks the console; mails and cron get a link in its place.
 *
 * @param array<string, mixed> $params
 *
 * @return string HTML
 */
function vodafoncash_link(array $params)
{
    if (!vodafoncash_loadWalletForm()) {
        return '<p data-gatebook-reason="upload">This payment method is not available right now.'
            . ' Please choose another one or contact us.</p>';
    }
    if (($params['payPage'] ?? '') === 'on') {
        return (new \Gatebook\CheckoutForm('vodafonecash', $params, [
            'english' => 'Already paid? Then do not pay again: press the button and tell us from which number.',
            'arabic' => 'هل دفعت بالفعل؟ لا تدفع مرة أخرى: اضغط الزر وأخبرنا من أي رقم دفعت.',
        ]))->html();
    }
    return (new \Gatebook\WalletForm('vodafonecash', $params))->html();
}

/**
 * Loaded on first use, and looked for first: a PHP error while WHMCS includes a gateway file can
 * blank its whole page of gateway settings, and half-finished uploads happen.
 *
 * @return bool whether the shared folder is there
 */
function vodafoncash_loadWalletForm()
{
    // In this order: a class must come after the one that it extends.
    $files = ['CheckoutForm.php', 'Console.php', 'WalletWords.php', 'WalletForm.php', 'WalletPage.php'];
    foreach ($files as $file) {
        if (!is_file(__DIR__ . '/gatebook/' . $file)) {
            return false;
        }
    }
    foreach ($files as $file) {
        require_once __DIR__ . '/gatebook/' . $file;
    }
    return true;
}

/**
 * @return string for the merchant
 */
function vodafoncash_incomplete()
{
    return 'The folder modules/gateways/gatebook is missing or incomplete.'
        . ' Upload the whole modules folder of the download again.';
}
