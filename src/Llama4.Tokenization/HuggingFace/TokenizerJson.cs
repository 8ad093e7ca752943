using System.Text.Json;
using Llama4.Tokenization.Bpe;
using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization.HuggingFace;

/// <summary>
/// Reads a tokenizer.json: byte-level BPE behind Llama 4's split expression. Anything else in it that would change ids is refused by
/// name, for a tokenizer that is nearly right gives wrong answers without an error.
/// </summary>
internal sealed class TokenizerJson
{
    private readonly string _file;

    private TokenizerJson(string file) => _file = file;

    /// <exception cref="TokenizerFormatException">The file is no JSON, or holds another kind of tokenizer.</exception>
    public static Tokenizer Read(string file)
    {
        var reader = new TokenizerJson(file);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return reader.Read(json.RootElement);
        }
        catch (JsonException e)
        {
            throw reader.Bad($"expected JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw reader.Bad($"expected the form of a tokenizer.json: {e.Message}", e);
        }
    }

    private Tokenizer Read(JsonElement root)
    {
        CheckStages(root);
        var model = Required(root, "model");
        CheckModel(model);

        var idOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var table = ReadVocabulary(Required(model, "vocab"), idOf);
        var merges = ReadMerges(Required(model, "merges"), idOf);
        var added = ReadAdded(root, idOf);
        var template = new TemplateJson(_file, added).Read(Optional(root, "post_processor"));
        return new HuggingFaceTokenizer(table, merges, IsTrue(model, "ignore_merges"), added, template);
    }

    private void CheckStages(JsonElement root)
    {
        Expect(Optional(root, "normalizer") is null, "normalizer", "none", root);
        Expect(TypeOf(Optional(root, "decoder")) == "ByteLevel", "decoder", "ByteLevel", root);
        Expect(TypeOf(Optional(root, "pre_tokenizer")) == "Sequence", "pre_tokenizer", "Sequence of Split and ByteLevel", root);

        var stages = root.GetProperty("pre_tokenizer");
        var both = Required(stages, "pretokenizers").EnumerateArray().ToArray();
        Expect(both.Length == 2 && TypeOf(both[0]) == "Split" && TypeOf(both[1]) == "ByteLevel", "pretokenizers", "Split, then ByteLevel", stages);
        Expect(
            Optional(both[0], "pattern") is { } pattern && Text(pattern, "Regex") == PieceSplitter.Expression,
            "pattern",
            "Llama 4's split expression",
            both[0]);
        Expect(Text(both[0], "behavior") == "Isolated", "behavior", "Isolated", both[0]);
        Expect(!IsTrue(both[0], "invert"), "invert", "false", both[0]);
        Expect(!IsTrue(both[1], "add_prefix_space"), "add_prefix_space", "false", both[1]);
        Expect(Optional(both[1], "use_regex") is { ValueKind: JsonValueKind.False }, "use_regex", "false", both[1]);
    }

    private void CheckModel(JsonElement model)
    {
        Expect(TypeOf(model) == "BPE", "type", "BPE", model);
        Expect(Optional(model, "dropout") is null, "dropout", "none", model);
        Expect(Optional(model, "unk_token") is null, "unk_token", "none", model);
        Expect(string.IsNullOrEmpty(Text(model, "continuing_subword_prefix")), "continuing_subword_prefix", "none", model);
        Expect(string.IsNullOrEmpty(Text(model, "end_of_word_suffix")), "end_of_word_suffix", "none", model);
        Expect(!IsTrue(model, "byte_fallback"), "byte_fallback", "false", model);
    }

    private TokenTable ReadVocabulary(JsonElement vocabulary, Dictionary<string, int> idOf)
    {
        foreach (var entry in vocabulary.EnumerateObject())
        {
            if (!idOf.TryAdd(entry.Name, entry.Value.GetInt32()))
            {
                throw Bad($"vocab: expected every entry once, found {entry.Name} twice.");
            }
        }

        var entries = new string?[idOf.Count];
        foreach (var (entry, id) in idOf)
        {
            if ((uint)id >= (uint)entries.Length || entries[id] is not null)
            {
                throw Bad($"vocab: expected ids 0..{entries.Length - 1}, once each, found {id} for {entry}.");
            }

            entries[id] = entry;
        }

        var start = new int[entries.Length + 1];
        var bytes = new MemoryStream();
        for (var id = 0; id < entries.Length; id++)
        {
            bytes.Write(ByteLevelAlphabet.DecodeOrKeep(entries[id]!));
            start[id + 1] = (int)bytes.Length;
        }

        var table = new TokenTable(bytes.ToArray(), start, isHidden: id => ByteLevelAlphabet.Decode(entries[id]!) is null);
        for (var value = 0; value < 256; value++)
        {
            if (table.Find([(byte)value]) < 0)
            {
                throw Bad($"vocab: expected an entry for every single byte, found none for 0x{value:X2}.");
            }
        }

        return table;
    }

    private Dictionary<long, (int Rank, int Id)> ReadMerges(JsonElement merges, Dictionary<string, int> idOf)
    {
        var read = new Dictionary<long, (int Rank, int Id)>(merges.GetArrayLength());
        var rank = 0;
        foreach (var merge in merges.EnumerateArray())
        {
            var pair = merge.ValueKind == JsonValueKind.Array
                ? [.. merge.EnumerateArray().Select(part => part.GetString()!)]
                : merge.GetString()!.Split(' ');
            if (pair.Length != 2)
            {
                throw Bad($"merges: expected two parts at {rank}, found {merge.GetRawText()}.");
            }

            if (!idOf.TryGetValue(pair[0], out var left) || !idOf.TryGetValue(pair[1], out var right)
                || !idOf.TryGetValue(pair[0] + pair[1], out var id))
            {
                throw Bad($"merges: expected parts and result in the vocabulary at {rank}, found {merge.GetRawText()}.");
            }

            // A pair that is listed twice keeps its last rank, as in the reference's map.
            read[((long)left << 32) | (uint)right] = (rank++, id);
        }

        return read;
    }

    private List<AddedToken> ReadAdded(JsonElement root, Dictionary<string, int> idOf)
    {
        var vocabularySize = idOf.Count;
        var added = new List<AddedToken>();
        var ids = new HashSet<int>();
        var tokens = Optional(root, "added_tokens")?.EnumerateArray() ?? default;
        foreach (var token in tokens)
        {
            var content = Required(token, "content").GetString()!;
            var id = Required(token, "id").GetInt32();
            var isInVocabulary = idOf.TryGetValue(content, out var own);
            var fits = isInVocabulary ? id == own : id >= vocabularySize && id < vocabularySize + (1 << 16);
            if (content.Length == 0 || !fits || !ids.Add(id))
            {
                throw Bad($"added_tokens: expected a text and an id of its own from {vocabularySize}, found \"{content}\" with {id}.");
            }

            added.Add(new AddedToken(
                id,
                content,
                IsTrue(token, "special"),
                IsTrue(token, "normalized"),
                IsTrue(token, "lstrip"),
                IsTrue(token, "rstrip"),
                IsTrue(token, "single_word")));
        }

        return added;
    }

    private JsonElement Required(JsonElement parent, string name) =>
        Optional(parent, name) ?? throw Bad($"expected a property \"{name}\", found none.");

    private static JsonElement? Optional(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static bool IsTrue(JsonElement parent, string name) => Optional(parent, name) is { ValueKind: JsonValueKind.True };

    private static string? Text(JsonElement parent, string name) =>
        Optional(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static string? TypeOf(JsonElement? stage) => stage is { } value ? Text(value, "type") : null;

    private void Expect(bool holds, string name, string expected, JsonElement parent)
    {
        if (!holds)
        {
            var found = Optional(parent, name)?.GetRawText() ?? "none";
            throw Bad($"{name}: expected {expected}, found {(found.Length > 80 ? found[..80] + "..." : found)}");
        }
    }

    private TokenizerFormatException Bad(string problem, Exception? cause = null) => new(_file, problem, cause);
}
