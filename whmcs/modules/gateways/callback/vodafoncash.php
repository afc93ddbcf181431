<?php

/**
 * Takes the form of the invoice, asks the Gatebook console whether the money has come, and shows the
 * answer. A page for a logged-in client, not an address for machines: it books nothing.
 *
 * POST  invoice, wallet_phone, reference, sender_name, token: says that this invoice was paid.
 * GET   invoice: looks again for what this visit posted before.
 */

use WHMCS\Database\Capsule;

// A page of the client area, as WHMCS calls it: it opens the client's session.
define('CLIENTAREA', true);

require_once __DIR__ . '/../../../init.php';
require_once __DIR__ . '/../../../includes/gatewayfunctions.php';
require_once __DIR__ . '/../vodafoncash.php';

/**
 * @return int the client whose account this visit is in, 0 for nobody
 */
function vodafoncash_client()
{
    // WHMCS 8: a user may act for several clients. https://developers.whmcs.com/advanced/authentication/
    if (class_exists('WHMCS\Authentication\CurrentUser')) {
        $client = (new \WHMCS\Authentication\CurrentUser())->client();
        return $client ? (int) $client->id : 0;
    }
    return (int) ($_SESSION['uid'] ?? 0);
}

/**
 * @return bool whether WHMCS takes the form for its own; older versions may have no such check
 */
function vodafoncash_isOwnForm()
{
    if (!function_exists('check_token')) {
        return true;
    }
    try {
        // It answers, throws or ends the request by itself, by version.
        return check_token('WHMCS.default') !== false;
    } catch (\Throwable $refused) {
        return false;
    }
}

/**
 * @param string $name
 * @param int    $longest letters
 *
 * @return string one line of what the client typed
 */
function vodafoncash_typed($name, $longest)
{
    $value = $_POST[$name] ?? '';
    // WHMCS's init.php turns what came into HTML; the console is told the name, not its HTML.
    $plain = is_string($value) ? html_entity_decode($value, ENT_QUOTES, 'UTF-8') : '';
    return \Gatebook\WalletForm::line($plain, $longest);
}

/**
 * @param int $client
 *
 * @return array<string, mixed> what a module gets for an invoice, [] where it is not this client's
 */
function vodafoncash_invoice($client)
{
    $asked = $_SERVER['REQUEST_METHOD'] === 'POST' ? $_POST : $_GET;
    $id = $asked['invoice'] ?? null;
    if (!is_string($id) || !preg_match('/\A[1-9][0-9]{0,9}\z/', $id)) {
        return [];
    }
    $row = Capsule::table('tblinvoices')->where('id', (int) $id)->where('userid', $client)->first();
    if (!$row) {
        return [];
    }
    $owner = Capsule::table('tblclients')->where('id', $client)->first();
    return [
        'invoiceid' => $id,
        'status' => (string) $row->status,
        'clientdetails' => ['client_id' => $client, 'language' => $owner ? (string) $owner->language : ''],
    ];
}

/**
 * @param string $invoice
 * @param int    $client
 *
 * @return string[] phone, reference and name: as posted, else what this visit claimed before
 */
function vodafoncash_claimed($invoice, $client)
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return \Gatebook\WalletForm::claimed((string) $client, $invoice);
    }
    $claimed = [
        vodafoncash_typed('wallet_phone', 40),
        vodafoncash_typed('reference', 40),
        vodafoncash_typed('sender_name', 120),
    ];
    if ($claimed[0] . $claimed[1] !== '') {
        \Gatebook\WalletForm::keep((string) $client, $invoice, $claimed);
    }
    return $claimed;
}

/**
 * @param int    $status HTTP
 * @param string $html
 */
function vodafoncash_show($status, $html)
{
    http_response_code($status);
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    header('X-Robots-Tag: noindex');
    header('Referrer-Policy: same-origin');
    header("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        . " base-uri 'none'; frame-ancestors 'none'");
    echo $html;
}

function vodafoncash_main()
{
    $session = $_SESSION['Language'] ?? '';
    $language = is_string($session) ? $session : '';
    if (!vodafoncash_loadWalletForm()) {
        return vodafoncash_show(503, 'This payment method is not available right now.');
    }
    $page = new \Gatebook\WalletPage(new \Gatebook\WalletWords($language), '');
    if (!in_array($_SERVER['REQUEST_METHOD'], ['GET', 'POST'], true)) {
        return vodafoncash_show(405, $page->ending('method'));
    }
    $params = getGatewayVariables('vodafoncash');
    if (empty($params['type'])) {
        return vodafoncash_show(503, $page->ending('refused'));
    }
    $client = vodafoncash_client();
    if ($client === 0) {
        return vodafoncash_show(403, $page->ending('login'));
    }
    $invoice = vodafoncash_invoice($client);
    if ($invoice === []) {
        return vodafoncash_show(404, $page->ending('foreign'));
    }

    $form = new \Gatebook\WalletForm('vodafonecash', $invoice + $params);
    $page = new \Gatebook\WalletPage($form->words(), $invoice['invoiceid']);
    $isPost = $_SERVER['REQUEST_METHOD'] === 'POST';
    if ($isPost && !vodafoncash_isOwnForm()) {
        return vodafoncash_show(403, $page->ending('stale'));
    }
    if ($invoice['status'] === 'Paid') {
        return vodafoncash_show(200, $page->standing(['code' => 'paid'], ''));
    }
    [$phone, $reference, $name] = vodafoncash_claimed($invoice['invoiceid'], $client);
    if ($isPost && $phone . $reference === '') {
        return vodafoncash_show(200, $page->ending('invalid'));
    }
    // Else the client's other tabs would wait for the console too.
    session_write_close();
    $answer = $form->claim($phone, $reference, $name);
    if ($isPost) {
        $seen = ['invoice' => $invoice['invoiceid'], 'client' => $client, 'answer' => $answer['code']];
        $seen += array_intersect_key($answer, ['problem' => '', 'transaction_id' => '']);
        logTransaction('vodafoncash', $seen, 'Asked the console');
    }
    if ($phone . $reference === '' && in_array($answer['code'], ['waiting', 'not_found'], true)) {
        // Another visit than the one that claimed, and nothing to tell: the form is on the invoice.
        header('Location: ../../../viewinvoice.php?id=' . $invoice['invoiceid'], true, 303);
        return null;
    }
    return vodafoncash_show(200, $page->standing($answer, $phone === '' ? $reference : $phone));
}

try {
    vodafoncash_main();
} catch (\Throwable $error) {
    // Whatever broke, the client must neither read its insides nor believe that money is gone.
    // No stack trace in the log either: it quotes arguments, and one of them is the signing secret.
    $where = basename($error->getFile()) . ':' . $error->getLine();
    logTransaction('vodafoncash', get_class($error) . " at $where: " . $error->getMessage(), 'Error');
    vodafoncash_show(500, (new \Gatebook\WalletPage(new \Gatebook\WalletWords(''), ''))->ending('unreached'));
}
