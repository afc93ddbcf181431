<?php

/**
 * As much of WHMCS as a callback file needs: its session, its guard of forms, its rows. A model of the
 * documented parts, steered by world.json beside it.
 */

namespace {
    define('WHMCS', true);
    define('WORLD', json_decode(file_get_contents(__DIR__ . '/world.json'), true));

    session_start();
    $_SESSION['tkval'] = $_SESSION['tkval'] ?? bin2hex(random_bytes(8));

    // WHMCS hands modules everything as HTML.
    foreach ([&$_GET, &$_POST, &$_REQUEST] as &$came) {
        array_walk_recursive($came, static function (&$text) {
            $text = htmlspecialchars($text, ENT_QUOTES);
        });
    }
    unset($came);

    function traced(string $what, $data): void
    {
        file_put_contents(__DIR__ . '/trace.jsonl', json_encode([$what, $data]) . "\n", FILE_APPEND);
    }

    foreach (['addInvoicePayment', 'localAPI', 'applyCredit', 'checkCbTransID'] as $writes) {
        eval("function $writes(...\$all) { traced('$writes', \$all); return true; }");
    }

    if (WORLD['guard'] !== 'absent') {
        function generate_token($type = 'form')
        {
            $token = $_SESSION['tkval'];
            return $type === 'plain' ? $token : '<input type="hidden" name="token" value="' . $token . '">';
        }

        function check_token($namespace = 'WHMCS.default')
        {
            $fits = hash_equals($_SESSION['tkval'], (string) ($_REQUEST['token'] ?? ''));
            if (!$fits && WORLD['guard'] === 'throws') {
                throw new RuntimeException('Invalid token');
            }
            return $fits;
        }
    }
}

namespace WHMCS\Database {
    final class Capsule
    {
        private $rows;

        public static function table(string $name): self
        {
            if (WORLD['broken']) {
                throw new \RuntimeException('SQLSTATE[HY000] for user whmcs_db');
            }
            $table = new self();
            $table->rows = WORLD[$name];
            return $table;
        }

        public function where(string $column, $value): self
        {
            $this->rows = array_values(array_filter($this->rows, static function ($row) use ($column, $value) {
                return $row[$column] === $value;
            }));
            return $this;
        }

        public function first()
        {
            return $this->rows ? (object) $this->rows[0] : null;
        }
    }
}
