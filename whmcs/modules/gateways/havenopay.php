<?php

/**
 * HavenoPay for WHMCS, through the Gatebook console.
 *
 * The module only sends the payer to the console, with a signed form. Offers, the page that shows
 * them, webhooks and the booking of payments are the console's work: it tells WHMCS through the
 * WHMCS API. No callback file lies here: WHMCS would book a payment twice if two could book it.
 *
 * @see https://developers.whmcs.com/payment-gateways/third-party-gateway/
 */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * @return array<string, string|bool>
 */
function havenopay_MetaData()
{
    // No e-mail template names: naming a template that is not installed costs the client the receipt.
    return [
        'DisplayName' => 'HavenoPay',
        'APIVersion' => '1.1',
        'DisableLocalCreditCardInput' => true,
        'TokenisedStorage' => false,
    ];
}

/**
 * @return array<string, array<string, string>>
 */
function havenopay_config()
{
    $name = ['FriendlyName' => ['Type' => 'System', 'Value' => 'HavenoPay']];
    if (!havenopay_loadCheckoutForm()) {
        return $name + ['UsageNotes' => ['Type' => 'System', 'Value' => havenopay_incomplete()]];
    }
    $notes = 'Accepted currencies, offer expiry, keys and the webhook URL belong to the HavenoPay account'
        . ' in the Gatebook console.';
    return $name + ['UsageNotes' => ['Type' => 'System', 'Value' => $notes]] + \Gatebook\CheckoutForm::settings();
}

/**
 * WHMCS calls this before it saves the settings and shows the message of the exception.
 *
 * @param array<string, mixed> $params
 *
 * @throws Exception if a payer could not be sent to the console with these settings
 */
function havenopay_config_validate(array $params)
{
    if (!havenopay_loadCheckoutForm()) {
        throw new Exception(havenopay_incomplete());
    }
    $problem = havenopay_form($params)->settingsProblem();
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
function havenopay_link(array $params)
{
    if (!havenopay_loadCheckoutForm()) {
        return '<p data-gatebook-reason="upload">This payment method is not available right now.'
            . ' Please choose another one or contact us.</p>';
    }
    return havenopay_form($params)->html();
}

/**
 * What a client who comes back before the payment is confirmed reads below the button: WHMCS still
 * says "unpaid" then, and cannot know better without asking somebody.
 *
 * @param array<string, mixed> $params
 *
 * @return \Gatebook\CheckoutForm
 */
function havenopay_form(array $params)
{
    // The console's name of the provider is that of the network, not that of this module.
    return new \Gatebook\CheckoutForm('haveno', $params, [
        'english' => 'Already paid? You do not need to pay again: this invoice turns to Paid by itself once'
            . ' the payment is confirmed. The button shows where it stands.',
        'arabic' => 'هل دفعت بالفعل؟ لا حاجة إلى الدفع مرة أخرى: تتحول هذه الفاتورة إلى «مدفوعة» تلقائيًا'
            . ' بمجرد تأكيد الدفعة. يعرض الزر أين وصلت.',
    ]);
}

/**
 * Loaded on first use, and looked for first: a PHP error while WHMCS includes a gateway file can
 * blank its whole page of gateway settings, and half-finished uploads happen.
 *
 * @return bool whether the shared folder is there
 */
function havenopay_loadCheckoutForm()
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
function havenopay_incomplete()
{
    return 'The folder modules/gateways/gatebook is missing. Upload the whole modules folder of the download again.';
}
