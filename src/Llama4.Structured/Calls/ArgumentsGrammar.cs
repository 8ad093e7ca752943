using System.Text;
using Llama4.Structured.Automata;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Calls;

/// <summary>Named arguments of a Python call: the listed properties of an object in their order, <c>a=1, b="x"</c>. Properties that are not listed cannot be passed so.</summary>
internal sealed class ArgumentsGrammar : Grammar
{
    private const int KeyRead = 0;

    private static readonly TextLexeme End = TextLexeme.Of(""u8);

    private readonly IReadOnlyList<PropertyGrammar> _properties;
    private readonly Dictionary<(int From, int To), TextLexeme> _keys = [];

    private ArgumentsGrammar(IReadOnlyList<PropertyGrammar> properties) => _properties = properties;

    /// <param name="objects">The grammar of a schema.</param>
    /// <exception cref="ConstraintException">It lets through what no named arguments say, or asks for more than its properties one by one.</exception>
    public static Grammar Of(Grammar objects)
    {
        var branches = new List<Grammar>();
        foreach (var branch in ((UnionGrammar)objects).Branches)
        {
            if (branch is not ObjectGrammar one)
            {
                throw new ConstraintException("schema", "arguments need a schema of objects, other than by enum or const");
            }

            if (one.Properties.FirstOrDefault(property => !CallsGrammar.IsIdentifier(property.Name)) is { } other)
            {
                throw new ConstraintException("properties", $"expected names of letters, digits and _ for arguments, found \"{other.Name}\"");
            }

            if (one.Min > one.Properties.Count(property => property.Required) || one.Max < one.Properties.Count)
            {
                throw new ConstraintException(one.Max is null ? "minProperties" : "maxProperties", "is not supported for arguments");
            }

            branches.Add(new ArgumentsGrammar(one.Properties));
        }

        return Union(branches);
    }

    internal override void Enter(Frame? parent, Closure closure) => Go(0, parent, closure);

    /// <summary>A position is 0 while a key is read, and i + 1 in the value of property i.</summary>
    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        if (position == KeyRead)
        {
            _properties[tag].Value.Enter(closure.Push(this, tag + 1, parent), closure);
        }
        else
        {
            Go(position, parent, closure);
        }
    }

    /// <summary>Ends, or goes on with one of the properties up to the next that is required.</summary>
    private void Go(int from, Frame? parent, Closure closure)
    {
        var to = from;
        while (to < _properties.Count && !_properties[to].Required)
        {
            to++;
        }

        if (to == _properties.Count)
        {
            closure.Start(End, parent);
        }

        to = Math.Min(to, _properties.Count - 1);
        if (from <= to)
        {
            closure.Start(KeysOf(from, to), closure.Push(this, KeyRead, parent));
        }
    }

    /// <summary>The keys of some properties, behind a comma unless nothing stands before them.</summary>
    private TextLexeme KeysOf(int from, int to)
    {
        if (!_keys.TryGetValue((from, to), out var lexeme))
        {
            var texts = new TextSet();
            for (var i = from; i <= to; i++)
            {
                texts.End(texts.Raw(TextSet.Root, Encoding.UTF8.GetBytes($"{(from == 0 ? "" : ", ")}{_properties[i].Name}=")), i);
            }

            lexeme = new TextLexeme(texts);
            _keys.Add((from, to), lexeme);
        }

        return lexeme;
    }
}
