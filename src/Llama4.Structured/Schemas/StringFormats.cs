namespace Llama4.Structured.Schemas;

/// <summary>The formats that are enforced, as regexes over the whole string.</summary>
internal static class StringFormats
{
    private const string Year = @"(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])";
    private const string Fourth = "(?:0[48]|[2468][048]|[13579][26])";
    private const string Date =
        "(?:" + Year + @"-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
        + @"|(?:\d\d" + Fourth + "|" + Fourth + "00)-02-29)"; // leap years: every fourth but the centuries, and every fourth century
    private const string Time = @"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)";
    private const string Octet = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Ipv4 = Octet + @"(?:\." + Octet + "){3}";
    private const string Group = "[0-9a-fA-F]{1,4}";
    private const string Last = "(?:" + Group + ":" + Group + "|" + Ipv4 + ")";

    /// <summary>IPv6address of RFC 3986, its nine lines in order.</summary>
    public const string Ipv6 =
        "(?:" + Group + ":){6}" + Last
        + "|::(?:" + Group + ":){5}" + Last
        + "|(?:" + Group + ")?::(?:" + Group + ":){4}" + Last
        + "|(?:(?:" + Group + ":){0,1}" + Group + ")?::(?:" + Group + ":){3}" + Last
        + "|(?:(?:" + Group + ":){0,2}" + Group + ")?::(?:" + Group + ":){2}" + Last
        + "|(?:(?:" + Group + ":){0,3}" + Group + ")?::" + Group + ":" + Last
        + "|(?:(?:" + Group + ":){0,4}" + Group + ")?::" + Last
        + "|(?:(?:" + Group + ":){0,5}" + Group + ")?::" + Group
        + "|(?:(?:" + Group + ":){0,6}" + Group + ")?::";

    private const string Atom = @"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+";
    private const string Label = @"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?";

    /// <summary>Formats of the standard that are not enforced.</summary>
    private static readonly HashSet<string> Standard = ["idn-email", "idn-hostname", "regex"];

    private const string Alphanumeric = "[A-Za-z0-9]";
    private const string Inner = @"[A-Za-z0-9\-]";

    /// <summary>Up to 63 characters, and no two hyphens as the third and fourth: those are for names that stand for others.</summary>
    private const string HostLabel = Alphanumeric + "(?:" + Alphanumeric + "|" + Inner + "{1,2}" + Alphanumeric + "|"
        + Inner + "(?:" + Alphanumeric + Inner + "|-" + Alphanumeric + ")" + Inner + "{0,58}" + Alphanumeric + ")?";

    private const string DurationTime = @"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)";
    private const string DurationDate = @"(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)";
    private const string JsonPointer = "(?:/(?:[^~/]|~[01])*)*";

    /// <summary>The greatest length of a name of a host.</summary>
    public const int HostLengthMax = 253;

    /// <summary>The regex of a format, null where the standard has no such format: then it is an annotation.</summary>
    /// <exception cref="ConstraintException">The format is one of the standard's, but not of those enforced.</exception>
    public static string? Regex(string format) => format switch
    {
        "date" => Date,
        "time" => Time,
        "date-time" => Date + "T" + Time,
        "uuid" => "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "ipv4" => Ipv4,
        "ipv6" => Ipv6,
        "uri" => UriFormats.Uri,
        "uri-reference" => UriFormats.UriReference,
        "iri" => UriFormats.Iri,
        "iri-reference" => UriFormats.IriReference,
        "uri-template" => UriFormats.Template,
        "hostname" => HostLabel + @"(?:\." + HostLabel + ")*",
        "duration" => $@"P(?:{DurationDate}(?:{DurationTime})?|{DurationTime}|\d+W)",
        "json-pointer" => JsonPointer,
        "relative-json-pointer" => @"(?:0|[1-9]\d*)(?:#|" + JsonPointer + ")",
        "email" => Atom + @"(?:\." + Atom + ")*@" + Label + @"(?:\." + Label + ")*",
        _ => Standard.Contains(format) ? throw new ConstraintException("format", $"\"{format}\" is not supported") : null,
    };
}
