using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama4.Gateway.Keys;

/// <summary>
/// Keys as text: JSON objects one after another, usually one a line, <c>//</c> comments between:
/// <code>{"name":"alice","sha256":"64 hex digits","requests_per_minute":60,"tokens_per_minute":100000,"concurrent":4}</code>
/// Name and sha256 are required; what is unknown is refused, so that a limit that is misspelled is not a limit forgotten.
/// </summary>
public static class ApiKeyText
{
    /// <summary>Bytes of the text: 4,096 keys at 256 bytes, each of which a presented key is compared with.</summary>
    public const int BytesMax = 1 << 20;

    public const int KeysMax = 4096;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowDuplicateProperties = false,
    };

    /// <summary>One line, without its end.</summary>
    public static string Write(ApiKey key) => JsonSerializer.Serialize(
        new Entry
        {
            Name = key.Name,
            Sha256 = Convert.ToHexStringLower(key.Digest),
            RequestsPerMinute = key.Limits.RequestsPerMinute,
            TokensPerMinute = key.Limits.TokensPerMinute,
            Concurrent = key.Limits.Concurrent,
        },
        Options);

    /// <param name="source">Where the text comes from, for errors.</param>
    /// <exception cref="InvalidDataException">It is not such text, or holds no key; one line that says where, and never what stands there.</exception>
    public static IReadOnlyList<ApiKey> Read(ReadOnlySpan<byte> text, string source)
    {
        if (text.Length > BytesMax)
        {
            throw new InvalidDataException($"{source}: expected at most {BytesMax:N0} bytes of keys, found more");
        }

        text = text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
        var keys = new List<ApiKey>();
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { AllowMultipleValues = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            while (reader.Read())
            {
                var line = 1 + text[..(int)reader.TokenStartIndex].Count((byte)'\n');
                keys.Add(Checked(JsonSerializer.Deserialize<Entry>(ref reader, Options), $"{source}, line {line}"));
            }
        }
        catch (JsonException error)
        {
            // The library's own message may quote the text, in which someone may have put a key as it is.
            var line = error.LineNumber is { } inValue ? inValue + 1 : 1;
            throw new InvalidDataException(
                $"{source}: expected objects like {{\"name\":\"alice\",\"sha256\":\"64 hex digits\",\"requests_per_minute\":60,\"tokens_per_minute\":100000,\"concurrent\":4}}, found something else near line {line}{(error.Path is { Length: > 2 and < ApiKey.CharsMin } path ? $" at {path[2..]}" : "")}"); // too short for a key
        }

        return keys switch
        {
            [] => throw new InvalidDataException($"{source}: expected at least one key, found none"),
            { Count: > KeysMax } => throw new InvalidDataException($"{source}: expected at most {KeysMax:N0} keys, found {keys.Count:N0}"),
            _ when Twice(keys, key => key.Name) is { } name => throw new InvalidDataException($"{source}: the name {name} stands twice"),
            _ when Twice(keys, key => Convert.ToHexString(key.Digest)) is { } digest =>
                throw new InvalidDataException($"{source}: {string.Join(" and ", keys.Where(key => Convert.ToHexString(key.Digest) == digest).Select(key => key.Name))} have the same key"),
            _ => keys,
        };
    }

    private static string? Twice(List<ApiKey> keys, Func<ApiKey, string> of) => keys.GroupBy(of).FirstOrDefault(group => group.Count() > 1)?.Key;

    private static ApiKey Checked(Entry? entry, string where)
    {
        if (entry?.Name is not { } name || !ApiKey.IsName(name))
        {
            throw new InvalidDataException($"{where}: expected a name of 1 to {ApiKey.NameCharsMax} letters, digits, '-', '_', '.' and '@'");
        }

        if (entry.Sha256 is not { Length: 64 } hex || !hex.All(char.IsAsciiHexDigit))
        {
            throw new InvalidDataException($"{where}: expected a sha256 of 64 hex digits, as 'llama4 key new' prints it");
        }

        return new ApiKey(
            name,
            Convert.FromHexString(hex),
            new KeyLimits(
                Positive(entry.RequestsPerMinute, "requests_per_minute", where),
                Positive(entry.TokensPerMinute, "tokens_per_minute", where),
                Positive(entry.Concurrent, "concurrent", where)));
    }

    private static int? Positive(int? value, string name, string where) =>
        value is <= 0 ? throw new InvalidDataException($"{where}: expected {name} of at least 1, found {value}") : value;

    private sealed record Entry
    {
        public string? Name { get; init; }

        public string? Sha256 { get; init; }

        public int? RequestsPerMinute { get; init; }

        public int? TokensPerMinute { get; init; }

        public int? Concurrent { get; init; }
    }
}
