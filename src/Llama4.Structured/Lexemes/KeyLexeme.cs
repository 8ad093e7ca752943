using System.Text;

namespace Llama4.Structured.Lexemes;

/// <summary>A listed key with its colon: one of the properties <paramref name="from"/> to <paramref name="to"/> of an object. The tag is the property's index.</summary>
/// <param name="keys">All listed keys of the object, with the tags below each node.</param>
internal sealed class KeyLexeme(TextSet keys, int from, int to) : Lexeme
{
    /// <summary>The keys of an object in their order, each with its colon.</summary>
    public static TextSet Keys(IEnumerable<string> names, byte[] quotes) =>
        Keys(names, (keys, name) => keys.Separator(keys.Quoted(TextSet.Root, name, quotes), (byte)':'));

    /// <summary>The names of arguments in their order, each with its equals sign.</summary>
    public static TextSet Arguments(IEnumerable<string> names) =>
        Keys(names, (keys, name) => keys.Raw(TextSet.Root, Encoding.UTF8.GetBytes(name + "=")));

    private static TextSet Keys(IEnumerable<string> names, Func<TextSet, string, int> write)
    {
        var keys = new TextSet();
        var index = 0;
        foreach (var name in names)
        {
            keys.Begin(index);
            keys.End(write(keys, name), index++);
        }

        return keys.Finish();
    }

    public override int Step(int state, byte value)
    {
        var next = keys.Step(state, value);
        return next >= 0 && HasKey(next) ? next : Dead;
    }

    public override bool Accepts(int state) => keys.TagAt(state) >= 0;

    public override bool Continues(int state) => keys.Continues(state);

    public override int Tag(int state) => keys.TagAt(state);

    /// <summary>Whether a key of the range goes through this node.</summary>
    private bool HasKey(int node)
    {
        var tags = keys.TagsBelow(node);
        var (low, high) = (0, tags.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = tags[middle] < from ? (middle + 1, high) : (low, middle);
        }

        return low < tags.Count && tags[low] <= to;
    }
}
