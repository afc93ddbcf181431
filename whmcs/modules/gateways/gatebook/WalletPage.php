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

    private const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1d2733}'
        . 'main{max-width:30em;margin:8vh auto;padding:1.5em 2em;background:#fff;border-top:6px solid #8a6d1a}'
        . 'main.good{border-color:#1d7a46}main.calm{border-color:#2b5fa8}h1{font-size:1.4em;margin:0 0 .5em}'
        . 'dl{display:grid;grid-template-columns:auto 1fr;gap:.2em 1em}dt{color:#566170}dd{margin:0}'
        . 'button{font:inherit;padding:.5em 1.2em;border:0;background:#2b5fa8;color:#fff;cursor:pointer}'
        . 'a{color:#2b5fa8}form{margin:1em 0}.soft{color:#566170}';

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
                return $this->html($answer['code'], 'good', $said, $this->facts($answer, $phone), self::RETURN_SECONDS);
            case 'hold':
            case 'review':
                $facts = $this->facts($answer, $phone);
                return $this->html($answer['code'], 'calm', $said, $facts, self::LOOK_LATER_SECONDS);
            // Somebody else's receipt looks to a client like one that has not come.
            case 'waiting':
            case 'not_found':
            case 'already_claimed':
                return $this->html('looking', 'calm', '', $this->facts($answer, $phone), self::LOOK_AGAIN_SECONDS);
            case 'expired':
            case 'invalid':
                return $this->html($answer['code'], '', $said, $this->facts($answer, $phone), 0);
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
            . '<body><main class="' . $tone . '" role="status"'
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
