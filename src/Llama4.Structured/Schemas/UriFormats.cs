namespace Llama4.Structured.Schemas;

/// <summary>URIs and IRIs and what is made of them, as regexes: the ABNF of RFC 3986, 3987 and 6570.</summary>
internal static class UriFormats
{
    /// <summary><c>ucschar</c> of RFC 3987, as the inside of a class.</summary>
    private const string Ucs =
        @"\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\u{10000}-\u{1FFFD}\u{20000}-\u{2FFFD}\u{30000}-\u{3FFFD}\u{40000}-\u{4FFFD}\u{50000}-\u{5FFFD}"
        + @"\u{60000}-\u{6FFFD}\u{70000}-\u{7FFFD}\u{80000}-\u{8FFFD}\u{90000}-\u{9FFFD}\u{A0000}-\u{AFFFD}\u{B0000}-\u{BFFFD}\u{C0000}-\u{CFFFD}"
        + @"\u{D0000}-\u{DFFFD}\u{E1000}-\u{EFFFD}";

    private const string Private = @"\uE000-\uF8FF\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}";
    private const string Unreserved = @"A-Za-z0-9\-._~";
    private const string SubDelims = "!$&'()*+,;=";
    private const string Percent = "%[0-9A-Fa-f]{2}";
    private const string Scheme = @"[A-Za-z][A-Za-z0-9+\-.]*:";

    /// <summary><c>URI</c>.</summary>
    public static readonly string Uri = Scheme + Hierarchy("") + Tail("", "");

    /// <summary><c>URI-reference</c>.</summary>
    public static readonly string UriReference = Reference("", "");

    /// <summary><c>IRI</c>.</summary>
    public static readonly string Iri = Scheme + Hierarchy(Ucs) + Tail(Ucs, Private);

    /// <summary><c>IRI-reference</c>.</summary>
    public static readonly string IriReference = Reference(Ucs, Private);

    /// <summary><c>URI-Template</c>.</summary>
    public static readonly string Template =
        @"(?:[\u0021\u0023\u0024\u0026-\u003B\u003D\u003F-\u005B\u005D\u005F\u0061-\u007A\u007E" + Ucs + Private + "]|" + Percent
        + @"|\{[+#./;?&=,!@|]?" + Variable + "(?:," + Variable + @")*\})*";

    private const string VariableCharacter = "(?:[A-Za-z0-9_]|" + Percent + ")";

    private const string Variable = VariableCharacter + @"(?:\.?" + VariableCharacter + @")*(?:\*|:[1-9]\d{0,3})?";

    /// <summary><c>pchar</c> and a few more.</summary>
    private static string Characters(string ucs, string more = ":@") => $"(?:[{Unreserved}{SubDelims}{more}{ucs}]|{Percent})";

    private static string Authority(string ucs) =>
        $@"//(?:{Characters(ucs, ":")}*@)?(?:\[(?:{StringFormats.Ipv6}|[vV][0-9A-Fa-f]+\.[{Unreserved}{SubDelims}:]+)\]|{Characters(ucs, "")}*)(?::\d*)?";

    private static string Hierarchy(string ucs) => $"(?:{Authority(ucs)}(?:/{Characters(ucs)}*)*|{Absolute(ucs)}|{Characters(ucs)}+(?:/{Characters(ucs)}*)*|)";

    private static string Absolute(string ucs) => $"/(?:{Characters(ucs)}+(?:/{Characters(ucs)}*)*)?";

    private static string Relative(string ucs) =>
        $"(?:{Authority(ucs)}(?:/{Characters(ucs)}*)*|{Absolute(ucs)}|{Characters(ucs, "@")}+(?:/{Characters(ucs)}*)*|)";

    private static string Tail(string ucs, string inQuery) => $@"(?:\?{Characters(ucs + inQuery, ":@/?")}*)?(?:#{Characters(ucs, ":@/?")}*)?";

    private static string Reference(string ucs, string inQuery) => $"(?:{Scheme}{Hierarchy(ucs)}|{Relative(ucs)}){Tail(ucs, inQuery)}";
}
