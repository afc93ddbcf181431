<?php

namespace Gatebook;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * What stands on an invoice that is paid from a mobile wallet: how much, to which number, and a form in
 * which the client says from where. The form goes to WHMCS itself (modules/gateways/callback/), which
 * asks the console; what the browser is shown holds no secret and decides nothing.
 */
final class WalletForm extends CheckoutForm
{
    private const VERSION = 'gatebook-claim.v1';
    private const KEPT = 'gatebook_vodafoncash';
    // The client waits for the invoice page while the amount is asked for.
    private const QUOTE_SECONDS = 3;
    private const CLAIM_SECONDS = 30;
    // For themes that give forms no shape of their own.
    private const STYLE = '<style>.gatebook-wallet{max-width:26em;margin:0 auto;text-align:start}'
        . '.gatebook-wallet form{display:block;margin:0}'
        . '.gatebook-wallet label{display:block;margin:0 0 1em}'
        . '.gatebook-wallet input:not([type=hidden]){display:block;width:100%;height:auto;min-height:2.75em;'
        . 'box-sizing:border-box;margin-top:.25em;padding:.4em .75em;border:1px solid #76838f;border-radius:.4em;'
        . 'font:inherit}.gatebook-wallet input[readonly]{font-weight:bold;background:#f1f4f7}'
        . '.gatebook-wallet input[type=submit]{border:0;background:#0b57c2;color:#fff;cursor:pointer}'
        . '.gatebook-wallet summary{padding:.6em 0;cursor:pointer}'
        . '.gatebook-wallet .said{padding:.75em 1em;border-radius:.4em;background:#fdf0dc;color:#15202b}</style>';

    /**
     * Says to the console that the client has paid this invoice from that number, or asks for the amount
     * where all three are empty. The same claim again answers where it stands.
     *
     * @return array<string, mixed> as Console::ask; code "settings", "invoice" or "client" where one is missing
     */
    public function claim(string $phone, string $reference = '', string $name = '', ?int $issued = null): array
    {
        $missing = $this->missing();
        if ($missing !== '') {
            return ['code' => $missing, 'problem' => "The $missing of the module will not do."];
        }
        return $this->ask($this->fields($issued), $phone, $reference, $name, self::CLAIM_SECONDS);
    }

    /**
     * The words for this client.
     */
    public function words(): WalletWords
    {
        return new WalletWords($this->language());
    }

    /**
     * Keeps what was typed in this visit, so that no address holds a phone number.
     *
     * @param string[] $claimed phone, reference and name
     */
    public static function keep(string $client, string $invoice, array $claimed): void
    {
        $kept = ["$client:$invoice" => $claimed] + ($_SESSION[self::KEPT] ?? []);
        $_SESSION[self::KEPT] = array_slice($kept, 0, 5, true);
    }

    /**
     * @return string[] phone, reference and name; all empty where this visit has claimed nothing yet
     */
    public static function claimed(string $client, string $invoice): array
    {
        return $_SESSION[self::KEPT]["$client:$invoice"] ?? ['', '', ''];
    }

    /**
     * One line of plain text as the console signs it: no line breaks, blanks as one, cut to a length.
     *
     * @param mixed $value
     */
    public static function line($value, int $longest): string
    {
        // "u" refuses broken UTF-8, which would be signed as bytes but arrive as something else.
        $line = is_string($value) ? preg_replace('/[\p{Z}\p{Cc}]+/u', ' ', $value) : '';
        preg_match('/\A.{0,' . $longest . '}/u', trim((string) $line), $start);
        return trim($start[0] ?? '');
    }

    protected function form(array $fields): string
    {
        $words = new WalletWords($fields['lang']);
        if (!self::onInvoicePage()) {
            return $this->link($fields['invoice'], $words);
        }
        $quote = $this->ask($fields, '', '', '', self::QUOTE_SECONDS);
        switch ($quote['code']) {
            case 'refused':
                return self::unavailable('refused');
            case 'matched':
            case 'paid':
            case 'on_its_way':
            case 'hold':
            case 'review':
            case 'not_available':
                return self::stands((string) $quote['code'], $fields['invoice'], $words);
        }
        $claimed = self::claimed($fields['client'], $fields['invoice']);
        return self::opening($words)
            . self::said($claimed, $fields['invoice'], $words)
            . self::quoted($quote, (int) $fields['issued'], $words)
            . self::questions($fields['invoice'], $claimed, $words)
            . '</div>';
    }

    /**
     * @param array<string, string> $fields
     *
     * @return array<string, mixed>
     */
    private function ask(array $fields, string $phone, string $reference, string $name, int $seconds): array
    {
        $fields += ['phone' => $phone, 'reference' => $reference, 'name' => $name];
        $token = $this->setting('merchantToken');
        $fields['signature'] = $this->signature(array_merge([self::VERSION, $token], array_values($fields)));
        return Console::ask($this->console("claims/$token/"), $fields, $seconds);
    }

    /**
     * Only there may a form stand: after an order WHMCS submits the first form of the page by itself, and
     * mails and cron have nobody to fill one in.
     */
    private static function onInvoicePage(): bool
    {
        return basename(self::text($_SERVER['SCRIPT_NAME'] ?? null)) === 'viewinvoice.php';
    }

    private function link(string $invoice, WalletWords $words): string
    {
        $root = $this->setting('systemurl');
        $address = ($root === '' ? '' : rtrim($root, '/') . '/') . 'viewinvoice.php?id=' . $invoice;
        return '<a class="btn btn-primary" ' . $words->attributes() . ' href="' . self::escape($address) . '">'
            . self::escape($words->text('open')) . '</a>';
    }

    private static function stands(string $code, string $invoice, WalletWords $words): string
    {
        [$title, $text] = $words->state($code);
        $html = self::opening($words) . '<p><strong>' . self::escape($title)
            . '</strong></p><p>' . self::escape($text) . '</p>';
        if (in_array($code, ['on_its_way', 'hold', 'review'], true)) {
            $html .= '<p>' . self::show($invoice, $words) . '</p>';
        }
        return $html . '</div>';
    }

    private static function opening(WalletWords $words): string
    {
        return '<div class="gatebook-wallet" ' . $words->attributes() . '>' . self::STYLE;
    }

    private static function show(string $invoice, WalletWords $words): string
    {
        return '<a href="modules/gateways/callback/vodafoncash.php?invoice=' . $invoice . '">'
            . self::escape($words->text('show')) . '</a>';
    }

    /**
     * Who comes back to the invoice must not believe that the claim is forgotten, and pay again.
     *
     * @param string[] $claimed
     */
    private static function said(array $claimed, string $invoice, WalletWords $words): string
    {
        [$phone, $reference] = $claimed;
        // A number that is none was sent back at once, and stands in the form to be corrected.
        if ($phone === '' ? $reference === '' : preg_match_all('/\p{Nd}/u', $phone) < 11) {
            return '';
        }
        return '<p class="said">' . self::escape($words->text('said')) . ' <bdi>'
            . self::escape($phone === '' ? $reference : $phone) . '</bdi><br>'
            . self::show($invoice, $words) . '</p>';
    }

    /**
     * @param array<string, mixed> $quote
     */
    private static function quoted(array $quote, int $now, WalletWords $words): string
    {
        $amount = self::text($quote['amount'] ?? null);
        $payTo = self::text($quote['pay_to'] ?? null);
        $open = in_array($quote['code'], ['waiting', 'not_found'], true) && ($quote['currency'] ?? '') === 'EGP';
        if (!$open || !preg_match('/\A[0-9]{1,12}(\.[0-9]{1,2})?\z/', $amount)) {
            return '<p class="text-muted" data-gatebook-reason="console">'
                . self::escape($words->text('no_amount')) . '</p>';
        }
        $html = self::shown($words->text('amount'), $amount);
        if ($payTo !== '') {
            $html .= self::shown($words->text('pay_to'), $payTo)
                . '<p><small>' . self::escape($words->text('copy')) . '</small></p>';
        }
        $conditions = self::reckoning($quote, $amount, $words);
        $left = is_int($quote['expires'] ?? null) ? intdiv($quote['expires'] - $now, 60) : 0;
        if ($left > 0) {
            $conditions .= ' ' . sprintf($words->text('held'), $left);
        }
        return $html . '<p><small>' . self::escape(trim($conditions)) . '</small></p>';
    }

    /**
     * How the amount was reckoned: by the rate, where the invoice is not in EGP itself, and with some
     * piastres on top, where the store tells payments apart by them.
     *
     * @param array<string, mixed> $quote
     */
    private static function reckoning(array $quote, string $amount, WalletWords $words): string
    {
        $rate = self::text($quote['rate'] ?? null);
        if (
            !preg_match('/\A([0-9.]{1,20}) ([A-Z0-9_]{2,12})\z/', self::text($quote['due'] ?? null), $due)
            || !preg_match('/\A[0-9.]{1,20}\z/', $rate)
        ) {
            return '';
        }
        if ($due[2] === 'EGP') {
            return $due[1] === $amount ? '' : $words->text('marked');
        }
        $text = sprintf($words->text('rate'), $due[2], $rate);
        return preg_match('/\.[0-9]*[1-9]/', $amount) ? $text . ' ' . $words->text('marked') : $text;
    }

    /**
     * @param string[] $claimed before, to be changed
     */
    private static function questions(string $invoice, array $claimed, WalletWords $words): string
    {
        [$phone, $reference, $name] = $claimed;
        // WHMCS's own guard of its forms; the callback file has it checked.
        $token = function_exists('generate_token') ? (string) generate_token('plain') : '';
        return '<form method="post" action="modules/gateways/callback/vodafoncash.php">'
            . '<input type="hidden" name="invoice" value="' . $invoice . '">'
            . '<input type="hidden" name="token" value="' . self::escape($token) . '">'
            . '<p>' . self::escape($words->text('after')) . '</p>'
            . self::question($words->text('phone'), 'wallet_phone', 'tel', 'tel', 40, $phone)
            . '<details' . ($reference . $name === '' ? '' : ' open') . '><summary>'
            . self::escape($words->text('more')) . '</summary>'
            . '<p><small>' . self::escape($words->text('more_why')) . '</small></p>'
            . self::question($words->text('reference'), 'reference', 'text', 'off', 40, $reference)
            . self::question($words->text('name'), 'sender_name', 'text', 'name', 120, $name)
            . '</details>'
            . '<p><input type="submit" class="btn btn-primary" value="' . self::escape($words->text('check')) . '"></p>'
            . '</form>';
    }

    private static function question(
        string $label,
        string $name,
        string $type,
        string $autocomplete,
        int $longest,
        string $value
    ): string {
        return '<label>' . self::escape($label) . '<input class="form-control" dir="auto" name="' . $name
            . '" type="' . $type . '" autocomplete="' . $autocomplete . '" maxlength="' . $longest . '" value="'
            . self::escape($value) . '"></label>';
    }

    /**
     * A value to copy. Without a name it is not sent: the amount is the console's to know.
     */
    private static function shown(string $label, string $value): string
    {
        return '<label>' . self::escape($label) . '<input class="form-control" type="text" dir="ltr" readonly'
            . ' onfocus="this.select()" value="' . self::escape($value) . '"></label>';
    }
}
