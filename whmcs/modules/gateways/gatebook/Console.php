<?php

namespace Gatebook;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * One question to the Gatebook console, from this server to that one.
 */
final class Console
{
    private const CONNECT_SECONDS = 5;
    private const LONGEST_ANSWER = 65536;

    /**
     * What the console answers, always with a "code": its own, or "refused" where it took the question
     * for no merchant's, or "unreached" where no answer came that could be its own. Throws nothing.
     *
     * @param array<string, string> $fields
     * @param int                   $seconds for all of it
     *
     * @return array<string, mixed> with a "problem" for the merchant's log where the code is one of those two
     */
    public static function ask(string $url, array $fields, int $seconds): array
    {
        if (!function_exists('curl_init')) {
            return self::unreached('PHP has no curl extension.');
        }
        $body = '';
        $call = curl_init($url);
        curl_setopt_array($call, [
            CURLOPT_POST => true,
            // Built here: given an array, curl would send multipart.
            CURLOPT_POSTFIELDS => http_build_query($fields, '', '&'),
            // Without the second, curl asks first whether it may send a long form.
            CURLOPT_HTTPHEADER => ['Accept: application/json', 'Expect:'],
            CURLOPT_USERAGENT => 'Gatebook WHMCS module',
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_CONNECTTIMEOUT => min($seconds, self::CONNECT_SECONDS),
            CURLOPT_TIMEOUT => $seconds,
            CURLOPT_WRITEFUNCTION => static function ($call, string $piece) use (&$body): int {
                $body .= $piece;
                // Taking less than came makes curl stop.
                return strlen($body) > self::LONGEST_ANSWER ? 0 : strlen($piece);
            },
        ]);
        if (curl_exec($call) !== true) {
            return self::unreached('No answer from the console: ' . curl_error($call));
        }
        return self::read((int) curl_getinfo($call, CURLINFO_RESPONSE_CODE), $body);
    }

    /**
     * @return array<string, mixed>
     */
    private static function read(int $status, string $body): array
    {
        $answer = json_decode($body, true, 8);
        if (!is_array($answer) || !is_string($answer['code'] ?? null)) {
            return self::unreached("HTTP $status, and not what a console answers.");
        }
        if ($status === 200) {
            return $answer;
        }
        $said = is_string($answer['message'] ?? null) ? $answer['message'] : '';
        if ($status === 400) {
            return ['code' => 'refused', 'problem' => "HTTP 400: $said"];
        }
        return self::unreached("HTTP $status: $said");
    }

    /**
     * @return array<string, string>
     */
    private static function unreached(string $problem): array
    {
        return ['code' => 'unreached', 'problem' => $problem];
    }
}
