<?php

/**
 * Shows what a WHMCS page would show: includes the gateway module named on the command line and
 * prints what its _link function makes of the parameters on standard input (JSON).
 */

declare(strict_types=1);

error_reporting(E_ALL);
ini_set('display_errors', 'stderr');
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    throw new ErrorException($text, 0, $level, $file, $line);
});

define('WHMCS', true);

$params = json_decode((string) stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
// In WHMCS this member is an object, a client model; JSON has only arrays.
$params['clientdetails']['model'] = (object) $params['clientdetails']['model'];
// The client area keeps the visitor's language here.
$_SESSION = ['Language' => $params['clientdetails']['language'], 'uid' => $params['clientdetails']['id']];

// What a module is shown of where it stands, and WHMCS's guard of its own forms.
$_SERVER['SCRIPT_NAME'] = '/whmcs/viewinvoice.php';

function generate_token($type = 'form'): string
{
    return 'token-of-this-visit';
}

require $argv[1];

// WHMCS builds the function's name from the file's.
echo (basename($argv[1], '.php') . '_link')($params);
