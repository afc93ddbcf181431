<?php

/**
 * Does what a web server and WHMCS's init.php do for a gateway's callback file: runs the one named on
 * the command line for the request on standard input (JSON), and prints what came of it (JSON).
 */

namespace WHMCS\Database {
    final class Capsule
    {
        /** @var array<string, array<int, array<string, mixed>>> */
        public static $tables = [];

        /** @var array<int, array<string, mixed>> */
        private $rows;

        private function __construct(array $rows)
        {
            $this->rows = $rows;
        }

        public static function table(string $name): self
        {
            return new self(self::$tables[$name] ?? []);
        }

        public function where(string $column, $value): self
        {
            $fits = static function (array $row) use ($column, $value): bool {
                return (string) $row[$column] === (string) $value;
            };
            return new self(array_values(array_filter($this->rows, $fits)));
        }

        public function first(): ?object
        {
            return $this->rows === [] ? null : (object) $this->rows[0];
        }

        public function value(string $column)
        {
            return $this->rows[0][$column] ?? null;
        }
    }
}

namespace {
    error_reporting(E_ALL);
    ini_set('display_errors', 'stderr');
    set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
        throw new ErrorException($text, 0, $level, $file, $line);
    });

    $sandbox = json_decode((string) stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
    define('WHMCS', true);
    \WHMCS\Database\Capsule::$tables = $sandbox['tables'];
    $_SERVER = $sandbox['server'] + $_SERVER;
    $_GET = $sandbox['get'];
    // WHMCS turns what comes in into HTML, once and for all.
    $_POST = array_map(static function (string $value): string {
        return htmlspecialchars($value, ENT_QUOTES, 'UTF-8');
    }, $sandbox['post']);
    $_SESSION = $sandbox['session'];
    $sandbox['logged'] = [];

    function getGatewayVariables($name): array
    {
        return $GLOBALS['sandbox']['module'];
    }

    function logTransaction($gateway, $data, $result): void
    {
        $GLOBALS['sandbox']['logged'][] = "$gateway: $result " . json_encode($data);
    }

    function generate_token($type = 'form'): string
    {
        return 'token-of-this-visit';
    }

    function check_token($name = ''): void
    {
        if (!hash_equals(generate_token('plain'), (string) ($_POST['token'] ?? ''))) {
            throw new Exception('Invalid Token');
        }
    }

    ob_start();
    register_shutdown_function(static function (): void {
        global $sandbox;
        $body = (string) ob_get_clean();
        $status = http_response_code();
        echo json_encode([
            'status' => is_int($status) ? $status : 200,
            'body' => $body,
            'session' => (object) $_SESSION,
            'logged' => $sandbox['logged'],
        ], JSON_INVALID_UTF8_SUBSTITUTE);
    });

    require $argv[1];
}
