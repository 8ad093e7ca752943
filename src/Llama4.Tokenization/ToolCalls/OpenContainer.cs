namespace Llama4.Tokenization.ToolCalls;

/// <summary>A list or object whose end has not been read.</summary>
/// <param name="close">The character that ends it: ] ) or }.</param>
internal sealed class OpenContainer(char close)
{
    /// <summary>
    /// Containers within each other; deeper ones are no calls. Python's own parser takes 200 and most readers of JSON 64; each level
    /// copies what is inside once.
    /// </summary>
    public const int NestingMax = 500;

    private readonly List<string> _items = [];
    private readonly OrderedDictionary<string, string> _members = [];

    public char Close => close;

    /// <summary>The key that waits for its value.</summary>
    public string? Key { get; set; }

    /// <summary>Whether a comma was read: it makes a tuple of what is else only a value between brackets.</summary>
    public bool HasComma { get; set; }

    private bool IsObject => close == '}';

    /// <summary>Adds a value, JSON text; an object's of equal keys is the last one.</summary>
    public void Add(string value)
    {
        if (IsObject)
        {
            _members[Key!] = value;
            Key = null;
        }
        else
        {
            _items.Add(value);
        }
    }

    /// <summary>The value under a key, JSON text; null if there is none.</summary>
    public string? Find(string key) => _members.GetValueOrDefault(key);

    public string ToJson() => IsObject ? JsonWriting.Object(_members) : JsonWriting.List(_items);
}
