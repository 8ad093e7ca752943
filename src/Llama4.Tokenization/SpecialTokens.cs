using System.Collections;

namespace Llama4.Tokenization;

/// <summary>The special tokens of a vocabulary: names such as <c>&lt;|eot|&gt;</c> and their ids.</summary>
public sealed class SpecialTokens : IEnumerable<KeyValuePair<string, int>>
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _names;

    internal SpecialTokens(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        _ids = new Dictionary<string, int>(tokens, StringComparer.Ordinal);
        _names = _ids.ToDictionary(token => token.Value, token => token.Key);
    }

    /// <summary>How many there are.</summary>
    public int Count => _ids.Count;

    /// <summary>The id of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is no such special token; the message names it.</exception>
    public int this[string name] => Find(name) ?? throw new KeyNotFoundException($"The tokenizer has no special token {name}.");

    /// <summary>The id of a name, or null.</summary>
    public int? Find(string name) => _ids.TryGetValue(name, out var id) ? id : null;

    /// <summary>The name of an id, or null if it is no special token.</summary>
    public string? NameOf(int id) => _names.GetValueOrDefault(id);

    /// <summary>Whether the id is a special token's.</summary>
    public bool Contains(int id) => _names.ContainsKey(id);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, int>> GetEnumerator() => _ids.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
