<?php

namespace Gatebook;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * What a client who pays by wallet reads: in Arabic if that is the client's language, else in English.
 */
final class WalletWords
{
    private const ENGLISH = [
        'amount' => 'Amount to send, in EGP',
        'pay_to' => 'Send it to this number',
        'copy' => 'Tap the number to mark it, then copy it.',
        'rate' => 'Rate: 1 %s = %s EGP, rounded up to whole pounds.',
        'marked' => 'The piastres mark your payment: send exactly this amount.',
        'held' => 'This amount is kept for you for %d more minutes.',
        'no_amount' => 'The amount and the number to pay to cannot be shown just now. Open this page again in a'
            . ' minute to see them. Have you paid already? Then go on below.',
        'said' => 'We are looking for your payment; please do not pay again. You told us:',
        'after' => 'Send the money first, then tell us from which number:',
        'phone' => 'Number of the wallet you pay from',
        'more' => 'Paid with Orange Cash or InstaPay?',
        'more_why' => 'Their messages do not say who paid. The reference is enough; without it, add the name of the'
            . ' sender to your number above.',
        'reference' => 'Transaction reference (optional)',
        'name' => 'Name of the sender (optional)',
        'check' => 'I have paid',
        'open' => 'Open the invoice and pay with VodafoneCash',
        'again' => 'Look again',
        'change' => 'Change the details',
        'back' => 'Back to the invoice',
        'account' => 'To your account',
        'show' => 'Show where it stands',
        'typed' => 'Number you paid from',
        'asked' => 'Amount',
        'found_as' => 'Transaction',
        'live' => 'This page looks again by itself. You can leave it open.',
        'returning' => 'You are taken back to the invoice in a moment.',
        'matched' => ['Your payment was found', 'It is being added to your invoice. You do not need to pay again.'],
        'paid' => ['This invoice is paid', 'There is nothing left to pay. Thank you.'],
        'on_its_way' => [
            'Your payment is being confirmed',
            'It was found and is on its way to your invoice. You do not need to pay again.',
        ],
        'looking' => [
            'Not found yet',
            'We are looking for your payment. The message of the wallet can take some minutes. Please check'
                . ' that the number below is the one you paid from.',
        ],
        'hold' => [
            'Your payment waits for approval',
            'A person looks at it before it is added to the invoice. You do not need to do anything, nor to pay again.',
        ],
        'review' => [
            'Your payment is being looked at',
            'Something about it does not fit the invoice, so a person decides. Please do not pay again.',
        ],
        'expired' => [
            'This amount is no longer kept for you',
            'Have you not paid yet? Open the invoice again for a new amount. Have you paid? Then please do not'
                . ' pay again: a late payment is not lost, a person adds it.',
        ],
        'invalid' => [
            'Please check what you entered',
            'We need the number of the wallet you paid from, 11 digits such as 01012345678, or the transaction'
                . ' reference.',
        ],
        'unreached' => [
            'We cannot look right now',
            'Have you paid? Then nothing is lost, and you do not need to pay again.',
        ],
        'not_available' => [
            'This invoice cannot be paid this way',
            'Please choose another payment method on the invoice. Have you paid already? Then please contact us.',
        ],
        'refused' => [
            'This payment method is not available right now',
            'Please choose another one or contact us. Have you paid already? Then please do not pay again.',
        ],
        'login' => ['Please log in', 'Then open the invoice and send the form again.'],
        'foreign' => ['Invoice not found', 'Your account has no such invoice.'],
        'stale' => ['This page is out of date', 'Nothing was sent. Please open the invoice and send the form again.'],
        'method' => ['This page only takes the form of the invoice', 'Please open the invoice again.'],
    ];

    private const ARABIC = [
        'amount' => 'المبلغ المطلوب تحويله بالجنيه المصري',
        'pay_to' => 'حوّله إلى هذا الرقم',
        'copy' => 'اضغط على الرقم لتحديده، ثم انسخه.',
        // The marks keep the formula from left to right.
        'rate' => 'السعر: ' . "\u{2066}1 %s = %s EGP\u{2069}" . '، مع التقريب لأعلى إلى جنيه كامل.',
        'marked' => 'القروش تميّز دفعتك: حوّل هذا المبلغ بالضبط.',
        'held' => 'هذا المبلغ محجوز لك. الدقائق المتبقية: %d',
        'no_amount' => 'لا يمكن عرض المبلغ ورقم التحويل الآن. افتح هذه الصفحة مرة أخرى بعد دقيقة لرؤيتهما.'
            . ' هل دفعت بالفعل؟ تابع في الأسفل.',
        'said' => 'نبحث عن دفعتك؛ يرجى عدم الدفع مرة أخرى. أخبرتنا بـ:',
        'after' => 'حوّل المبلغ أولًا، ثم أخبرنا من أي رقم:',
        'phone' => 'رقم المحفظة التي تدفع منها',
        'more' => 'هل دفعت عبر أورنج كاش أو إنستاباي؟',
        'more_why' => 'رسائلهما لا تذكر رقم الدافع. يكفي الرقم المرجعي؛ وإن لم يكن لديك فأضف اسم المرسل إلى رقمك أعلاه.',
        'reference' => 'الرقم المرجعي للعملية (اختياري)',
        'name' => 'اسم المرسل (اختياري)',
        'check' => 'لقد دفعت',
        'open' => 'افتح الفاتورة وادفع عبر فودافون كاش',
        'again' => 'ابحث مرة أخرى',
        'change' => 'تعديل البيانات',
        'back' => 'العودة إلى الفاتورة',
        'account' => 'إلى حسابك',
        'show' => 'اعرض حالة الدفعة',
        'typed' => 'الرقم الذي دفعت منه',
        'asked' => 'المبلغ',
        'found_as' => 'العملية',
        'live' => 'تعيد هذه الصفحة البحث تلقائيًا. يمكنك تركها مفتوحة.',
        'returning' => 'ستعود إلى الفاتورة خلال لحظات.',
        'matched' => ['تم العثور على دفعتك', 'تجري إضافتها إلى فاتورتك. لا حاجة إلى الدفع مرة أخرى.'],
        'paid' => ['هذه الفاتورة مدفوعة', 'لم يتبق شيء للدفع. شكرًا لك.'],
        'on_its_way' => [
            'جارٍ تأكيد دفعتك',
            'تم العثور عليها وهي في طريقها إلى فاتورتك. لا حاجة إلى الدفع مرة أخرى.',
        ],
        'looking' => [
            'لم يتم العثور عليها بعد',
            'نبحث عن دفعتك. قد تتأخر رسالة المحفظة بضع دقائق. يرجى التأكد من أن الرقم أدناه هو الرقم الذي'
                . ' دفعت منه.',
        ],
        'hold' => [
            'دفعتك في انتظار الموافقة',
            'يراجعها أحد موظفينا قبل إضافتها إلى الفاتورة. لا حاجة إلى فعل شيء ولا إلى الدفع مرة أخرى.',
        ],
        'review' => [
            'دفعتك قيد المراجعة',
            'هناك ما لا يطابق الفاتورة، لذلك يقرر أحد موظفينا. يرجى عدم الدفع مرة أخرى.',
        ],
        'expired' => [
            'انتهت مدة حجز هذا المبلغ',
            'ألم تدفع بعد؟ افتح الفاتورة مرة أخرى للحصول على مبلغ جديد. هل دفعت؟ يرجى عدم الدفع مرة أخرى:'
                . ' الدفعة المتأخرة لا تضيع، بل يضيفها أحد موظفينا.',
        ],
        'invalid' => [
            'يرجى مراجعة ما أدخلته',
            'نحتاج إلى رقم المحفظة التي دفعت منها، 11 رقمًا مثل 01012345678، أو الرقم المرجعي للعملية.',
        ],
        'unreached' => [
            'لا يمكننا البحث الآن',
            'هل دفعت؟ لم يضع شيء، ولا حاجة إلى الدفع مرة أخرى.',
        ],
        'not_available' => [
            'لا يمكن دفع هذه الفاتورة بهذه الطريقة',
            'يرجى اختيار طريقة دفع أخرى من الفاتورة. هل دفعت بالفعل؟ يرجى التواصل معنا.',
        ],
        'refused' => [
            'طريقة الدفع هذه غير متاحة الآن',
            'يرجى اختيار طريقة أخرى أو التواصل معنا. هل دفعت بالفعل؟ يرجى عدم الدفع مرة أخرى.',
        ],
        'login' => ['يرجى تسجيل الدخول', 'ثم افتح الفاتورة وأرسل النموذج مرة أخرى.'],
        'foreign' => ['الفاتورة غير موجودة', 'لا توجد فاتورة كهذه في حسابك.'],
        'stale' => ['انتهت صلاحية هذه الصفحة', 'لم يتم إرسال شيء. يرجى فتح الفاتورة وإرسال النموذج مرة أخرى.'],
        'method' => ['هذه الصفحة تستقبل نموذج الفاتورة فقط', 'يرجى فتح الفاتورة مرة أخرى.'],
    ];

    /** @var bool */
    private $arabic;

    /**
     * @param string $language as WHMCS calls it: "arabic", or a code such as "ar"
     */
    public function __construct(string $language)
    {
        $this->arabic = strncasecmp($language, 'ar', 2) === 0;
    }

    public function text(string $key): string
    {
        return ($this->arabic ? self::ARABIC : self::ENGLISH)[$key];
    }

    /**
     * @return string[] a title and a text
     */
    public function state(string $key): array
    {
        return ($this->arabic ? self::ARABIC : self::ENGLISH)[$key];
    }

    /**
     * HTML attributes of whatever holds these words.
     */
    public function attributes(): string
    {
        return $this->arabic ? 'lang="ar" dir="rtl"' : 'lang="en" dir="ltr"';
    }
}
