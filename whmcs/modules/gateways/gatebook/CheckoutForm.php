<?php

namespace Gatebook;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * The signed form that sends a payer from a WHMCS invoice to the Gatebook console.
 *
 * Shared by all Gatebook gateway modules. It calls nobody: WHMCS renders it on every view of an
 * invoice, and inside mails and cron. It carries no amount: the console asks WHMCS what is due, so
 * the browser is never believed and "Convert To For Processing" changes nothing.
 *
 * WalletForm puts another form in its place.
 */
class CheckoutForm
{
    private const VERSION = 'gatebook-checkout.v1';
    private const SHORTEST_SECRET = 32;
    private const COPY_FROM = 'Copy it from the Gatebook console: Merchants, your merchant, WHMCS module.';
    private const UNAVAILABLE = 'This payment method is not available right now.'
        . ' Please choose another one or contact us.';

    /** @var string */
    private $provider;

    /** @var array<string, mixed> */
    protected $params;

    /** @var array<string, string> */
    private $notes;

    /**
     * @param string                $provider the console's name of the provider, such as "spectrocoin"; the
     *                                        module may have another name
     * @param array<string, mixed>  $params   what WHMCS hands to a module: settings, and for a form the invoice
     * @param array<string, string> $notes    plain text below the button, by WHMCS's name of the language;
     *                                        "english" serves all others
     */
    public function __construct(string $provider, array $params, array $notes = [])
    {
        $this->provider = $provider;
        $this->params = $params;
        $this->notes = $notes;
    }

    /**
     * The settings every Gatebook module has, in the form WHMCS expects from _config().
     *
     * @return array<string, array<string, string>>
     */
    public static function settings(): array
    {
        return [
            'consoleUrl' => [
                'FriendlyName' => 'Console URL',
                'Type' => 'text',
                'Size' => '60',
                'Default' => '',
                'Description' => 'Such as https://pay.example.com. ' . self::COPY_FROM,
            ],
            'merchantToken' => [
                'FriendlyName' => 'Merchant token',
                'Type' => 'text',
                'Size' => '40',
                'Default' => '',
                'Description' => 'Public; names you to the console. ' . self::COPY_FROM,
            ],
            'signingSecret' => [
                'FriendlyName' => 'Signing secret',
                'Type' => 'password',
                'Size' => '60',
                'Default' => '',
                'Description' => 'Signs the payment form; keep it secret. ' . self::COPY_FROM,
            ],
        ];
    }

    /**
     * The first thing wrong with the settings as one sentence for the merchant, or null.
     */
    public function settingsProblem(): ?string
    {
        return $this->urlProblem() ?? $this->tokenProblem() ?? $this->secretProblem();
    }

    /**
     * The HTML for the invoice: the form, or a calm sentence where something it needs is missing.
     *
     * @param int|null $issued Unix seconds; the console refuses an old form. Now, if left out.
     */
    public function html(?int $issued = null): string
    {
        $missing = $this->missing();
        return $missing === '' ? $this->form($this->fields($issued)) : self::unavailable($missing);
    }

    /**
     * One word for the first thing without which no form can be made; "" if all is there.
     */
    protected function missing(): string
    {
        if ($this->settingsProblem() !== null || $this->secretIsMask()) {
            return 'settings';
        }
        if (self::id($this->params['invoiceid'] ?? null) === '') {
            return 'invoice';
        }
        return $this->clientId() === '' ? 'client' : '';
    }

    /**
     * Whose invoice it is, when, and in which language.
     *
     * @return array<string, string> in the order in which they are signed
     */
    protected function fields(?int $issued): array
    {
        return [
            'invoice' => self::id($this->params['invoiceid'] ?? null),
            'client' => $this->clientId(),
            'issued' => (string) ($issued ?? time()),
            'lang' => $this->language(),
        ];
    }

    /**
     * @param array<string, string> $fields in the order in which they are signed
     */
    protected function form(array $fields): string
    {
        $token = $this->setting('merchantToken');
        $fields['signature'] = $this->signature(
            array_merge([self::VERSION, $token, $this->provider], array_values($fields))
        );

        $action = $this->console('checkout/' . $token . '/' . $this->provider . '/');
        $html = '<form method="post" action="' . self::escape($action) . '">';
        foreach ($fields as $name => $value) {
            $html .= '<input type="hidden" name="' . $name . '" value="' . self::escape($value) . '">';
        }
        $label = self::text($this->params['langpaynow'] ?? null);
        // The button has no name: WHMCS's own pages submit gateway forms by script, and a control
        // named "submit" would hide that method of the form.
        $html .= '<input type="submit" class="btn btn-primary" value="'
            . self::escape($label === '' ? 'Pay Now' : $label) . '">';
        return $html . '</form>' . $this->note($fields['lang']);
    }

    /**
     * @param string[] $lines none of them with a line break in it
     */
    protected function signature(array $lines): string
    {
        return hash_hmac('sha256', implode("\n", $lines), $this->setting('signingSecret'));
    }

    protected function console(string $path): string
    {
        return rtrim($this->setting('consoleUrl'), '/') . '/' . $path;
    }

    private function note(string $language): string
    {
        $note = $this->notes[$language] ?? $this->notes['english'] ?? '';
        return $note === '' ? '' : '<p dir="auto">' . self::escape($note) . '</p>';
    }

    /**
     * Which key of clientdetails holds the client's id differs by WHMCS version and by caller.
     *
     * Open modules read client_id, userid or id; others find only "model" (an object, since 7.x).
     * The exact keys come first: when a client bills to a contact, plain "id" may be the contact's
     * and the model a contact, whose "userid" is the client. A wrong id cannot charge a stranger:
     * the console compares it with the owner of the invoice.
     */
    private function clientId(): string
    {
        $details = $this->params['clientdetails'] ?? null;
        if (!is_array($details)) {
            return '';
        }
        $model = $details['model'] ?? null;
        $candidates = [$details['client_id'] ?? null, $details['userid'] ?? null, $details['id'] ?? null];
        if (is_object($model)) {
            $candidates[] = $model->userid ?? null;
            $candidates[] = $model->id ?? null;
        } elseif (is_array($model)) {
            $candidates[] = $model['userid'] ?? null;
            $candidates[] = $model['id'] ?? null;
        }
        foreach ($candidates as $candidate) {
            if (self::id($candidate) !== '') {
                return self::id($candidate);
            }
        }
        return '';
    }

    /**
     * The client's own language, else the one chosen in this visit, else English. Mails and cron have no session.
     */
    protected function language(): string
    {
        $details = $this->params['clientdetails'] ?? null;
        $candidates = [
            is_array($details) ? ($details['language'] ?? null) : null,
            $_SESSION['Language'] ?? null,
        ];
        foreach ($candidates as $candidate) {
            $language = strtolower(self::text($candidate));
            if (preg_match('/\A[a-z0-9_-]{1,20}\z/', $language)) {
                return $language;
            }
        }
        return 'en';
    }

    private function urlProblem(): ?string
    {
        $url = $this->setting('consoleUrl');
        if ($url === '') {
            return 'The console URL is empty. ' . self::COPY_FROM;
        }
        $shape = '~\A(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([0-9]{1,5}))?(?:/[a-z0-9._\~-]+)*/*\z~i';
        if (!preg_match($shape, $url, $parts) || (int) ($parts[3] ?? 0) > 65535) {
            return 'The console URL must be a plain address such as https://pay.example.com,'
                . ' without spaces, a user name, "?" or "#".';
        }
        $local = in_array(strtolower($parts[2]), ['localhost', '127.0.0.1'], true);
        if (strtolower($parts[1]) !== 'https' && !$local) {
            return 'The console URL must start with https://, or payers could be sent elsewhere on the way.'
                . ' Only localhost and 127.0.0.1 may use http://.';
        }
        return null;
    }

    private function tokenProblem(): ?string
    {
        if (preg_match('/\A[A-Za-z0-9_-]{16,40}\z/', $this->setting('merchantToken'))) {
            return null;
        }
        return 'The merchant token must be 16 to 40 letters, digits, "-" or "_". ' . self::COPY_FROM;
    }

    private function secretProblem(): ?string
    {
        // On save WHMCS may hand over the mask of an unchanged password field instead of its value
        // (unverified). Refusing it would make every later save of the settings fail.
        if ($this->secretIsMask() || strlen($this->setting('signingSecret')) >= self::SHORTEST_SECRET) {
            return null;
        }
        return 'The signing secret must have at least ' . self::SHORTEST_SECRET . ' characters. ' . self::COPY_FROM;
    }

    private function secretIsMask(): bool
    {
        return preg_match('/\A\*+\z/', $this->setting('signingSecret')) === 1;
    }

    protected function setting(string $name): string
    {
        return self::text($this->params[$name] ?? null);
    }

    /**
     * The reason is one word for the merchant's eyes (see README), never a value.
     */
    protected static function unavailable(string $reason): string
    {
        return '<p data-gatebook-reason="' . $reason . '">' . self::UNAVAILABLE . '</p>';
    }

    /**
     * WHMCS passes ids as numbers or as text, by command and version; anything else is no id.
     *
     * @param mixed $value
     */
    protected static function id($value): string
    {
        $text = is_int($value) ? (string) $value : $value;
        return is_string($text) && preg_match('/\A[1-9][0-9]{0,17}\z/', $text) ? $text : '';
    }

    /**
     * @param mixed $value
     */
    protected static function text($value): string
    {
        return is_string($value) ? trim($value) : '';
    }

    protected static function escape(string $text): string
    {
        // Spelled out because PHP 7.4 leaves single quotes alone by default, and because without
        // ENT_SUBSTITUTE one broken byte turns the whole text into nothing.
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
    }
}
