<?php

namespace Gatebook;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * The page a client sees after "I have paid". It has no script and loads nothing: it looks again by
 * asking for itself, and by a button where that is switched off.
 */
final class WalletPage
{
    private const LOOK_AGAIN_SECONDS = 10;
    private const LOOK_LATER_SECONDS = 30;
    private const RETURN_SECONDS = 5;

    private const STYLE = 'body{font:1.0625rem/1.5 system-ui,sans-serif;margin:0;background:#eef2f6;color:#15202b}'
        . 'main{max-width:26em;box-sizing:border-box;margin:8vh auto;padding:1.5em;background:#fff;'
        . 'border-radius:1em;border-top:6px solid #8a4b00}main.good{border-color:#0a6b45}'
        . 'main.calm{border-color:#0b57c2}h1{font-size:1.4em;line-height:1.25;margin:0 0 .5em}'
        . 'dl{display:grid;grid-template-columns:1fr auto;gap:.3em 1em;'
        . 'margin:1.25em 0;padding:1em 0;border:solid #d8dfe6;border-width:1px 0}dt,.soft{color:#4f5d6b}'
        . 'dd{margin:0;text-align:end;overflow-wrap:anywhere}button{font:inherit;font-weight:600;width:100%;'
        . 'min-height:3em;border:0;border-radius:.6em;background:#0b57c2;color:#fff;cursor:pointer}'
        . 'a{display:inline-block;padding:.5em 0;color:#0b57c2}form{margin:1em 0}'
        . '@media(max-width:30em){main{min-height:100vh;margin:0;border-radius:0}}';

    /** @var WalletWords */
    private $words;

    /** @var string */
    private $invoice;

    /**
     * @param string $invoice its number, or "" where it is not the client's
     */
    public function __construct(WalletWords $words, string $invoice)
    {
        $this->words = $words;
        $this->invoice = $invoice;
    }

    /**
     * Where the payment stands.
     *
     * @param array<string, mixed> $answer as of WalletForm::claim
     */
    public function standing(array $answer, string $phone): string
    {
        $said = is_string($answer['message'] ?? null) ? trim($answer['message']) : '';
        switch ($answer['code']) {
            case 'matched':
            case 'paid':
                return $this->html($answer['code'], 'good', '', $this->facts($answer, $phone), self::RETURN_SECONDS);
            case 'on_its_way':
                $facts = $this->facts($answer, $phone);
                return $this->html('on_its_way', 'calm', '', $facts, self::LOOK_AGAIN_SECONDS);
            case 'hold':
                $facts = $this->facts($answer, $phone);
                return $this->html('hold', 'calm', '', $facts, self::LOOK_LATER_SECONDS);
            case 'review':
                $facts = $this->facts($answer, $phone);
                return $this->html('review', 'calm', $said, $facts, self::LOOK_LATER_SECONDS);
            case 'waiting':
            case 'not_found':
                return $this->html('looking', 'calm', '', $this->facts($answer, $phone), self::LOOK_AGAIN_SECONDS);
            case 'expired':
                return $this->html('expired', '', '', $this->facts($answer, $phone), 0);
            case 'invalid':
                return $this->html('invalid', '', $said, $this->facts($answer, $phone), 0);
            case 'not_available':
                return $this->html('not_available', '', '', '', 0);
            case 'refused':
            case 'settings':
            case 'client':
            case 'invoice':
                return $this->html('refused', '', '', '', 0, $answer['code']);
        }
        return $this->html('unreached', '', $said, $this->facts([], $phone), self::LOOK_LATER_SECONDS, 'console');
    }

    /**
     * A page that ends here, such as "login".
     */
    public function ending(string $state): string
    {
        return $this->html($state, '', '', '', 0);
    }

    /**
     * @param string $said    the console's own text in place of ours; "" for ours
     * @param int    $seconds until the page goes on by itself: back to the invoice where it is "good"; 0 = never
     * @param string $reason  one word for the merchant's eyes (see README), never a value
     */
    private function html(
        string $state,
        string $tone,
        string $said,
        string $facts,
        int $seconds,
        string $reason = ''
    ): string {
        [$title, $text] = $this->words->state($state);
        $done = $tone === 'good';
        $again = 'vodafoncash.php?invoice=' . $this->invoice;
        $back = '../../../' . ($this->invoice === '' ? 'clientarea.php' : 'viewinvoice.php?id=' . $this->invoice);
        $refresh = $seconds === 0 ? '' : '<meta http-equiv="refresh" content="' . $seconds . ';url='
            . ($done ? $back : $again) . '">';
        $html = '<!DOCTYPE html><html ' . $this->words->attributes() . '><head><meta charset="utf-8">'
            . '<meta name="viewport" content="width=device-width, initial-scale=1">' . $refresh
            . '<title>' . self::escape($title) . '</title><style>' . self::STYLE . '</style></head>'
            . '<body><main class="' . $tone . '"'
            . ($reason === '' ? '' : ' data-gatebook-reason="' . $reason . '"') . '>'
            . '<h1>' . self::escape($title) . '</h1><p>' . self::escape($said === '' ? $text : $said) . '</p>' . $facts;
        if ($done) {
            $html .= '<p class="soft">' . self::escape($this->words->text('returning')) . '</p>';
        } elseif ($seconds > 0) {
            $html .= '<form method="get" action="vodafoncash.php"><input type="hidden" name="invoice" value="'
                . $this->invoice . '"><button>' . self::escape($this->words->text('again')) . '</button></form>'
                . '<p class="soft">' . self::escape($this->words->text('live')) . '</p>';
        }
        return $html . '<p><a href="' . $back . '">' . self::escape($this->words->text($this->wayBack($state)))
            . '</a></p></main></body></html>';
    }

    private function wayBack(string $state): string
    {
        if ($this->invoice === '') {
            return 'account';
        }
        return in_array($state, ['looking', 'invalid'], true) ? 'change' : 'back';
    }

    /**
     * @param array<string, mixed> $answer
     */
    private function facts(array $answer, string $phone): string
    {
        $amount = $answer['amount'] ?? '';
        $transaction = $answer['transaction_id'] ?? '';
        $facts = [
            'typed' => $phone,
            'asked' => is_string($amount) && $amount !== '' ? $amount . ' EGP' : '',
            'found_as' => is_string($transaction) ? $transaction : '',
        ];
        $html = '';
        foreach ($facts as $label => $value) {
            if ($value !== '') {
                $html .= '<dt>' . self::escape($this->words->text($label)) . '</dt><dd><bdi>'
                    . self::escape($value) . '</bdi></dd>';
            }
        }
        return $html === '' ? '' : '<dl>' . $html . '</dl>';
    }

    private static function escape(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
    }
}
