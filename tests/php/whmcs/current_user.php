<?php

/** WHMCS 8 and later: who is logged in, and for which client. */

namespace WHMCS\Authentication;

final class CurrentUser
{
    public function client()
    {
        $id = $_SESSION['uid'] ?? 0;
        return $id ? (object) ['id' => $id] : null;
    }
}
