using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Llama4.Server.Plan;

/// <summary>A file of YAML says something that cannot be; the message names file, line, key, expected and found.</summary>
internal sealed class YamlFileException(string file, long line, string key, string expected, string found)
    : Exception($"{file}:{line}: {key}: expected {expected}, found {found}");

/// <summary>A YAML mapping, read key by key; keys that nobody asked for are mistakes.</summary>
internal sealed class YamlFields
{
    /// <summary>Far beyond any list of hosts: a bound on what a wrong file makes us read.</summary>
    private const long BytesMax = 1 << 20;

    private readonly string _file;
    private readonly string _path;
    private readonly YamlMappingNode _node;
    private readonly HashSet<string> _asked = [];

    public YamlFields(string file, string path, YamlNode node)
    {
        (_file, _path) = (file, path);
        _node = node as YamlMappingNode ?? throw Wrong(file, node, path.Length > 0 ? path : "file", "keys with values");
    }

    public string File => _file;

    /// <summary>Reads a file that is one mapping.</summary>
    /// <exception cref="YamlFileException">It is not.</exception>
    public static YamlFields Load(string file)
    {
        try
        {
            if (new FileInfo(file).Length > BytesMax)
            {
                throw new YamlFileException(file, 1, "file", $"at most {BytesMax:N0} bytes", $"{new FileInfo(file).Length:N0}");
            }

            return Parse(file, System.IO.File.ReadAllText(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new YamlFileException(file, 1, "file", "a readable file", error.Message);
        }
    }

    /// <param name="file">For errors.</param>
    public static YamlFields Parse(string file, string text)
    {
        var stream = new YamlStream();
        var parser = new Parser(new StringReader(text));
        try
        {
            stream.Load(parser);
        }
        catch (YamlException error)
        {
            throw new YamlFileException(file, error.Start.Line, "file", "YAML", (error.InnerException ?? error).Message);
        }
        catch (InvalidOperationException)
        {
            // What the library's scanner says, in 18.1.0, of a flow list that goes on where a key stands.
            throw new YamlFileException(file, parser.Current?.End.Line ?? 1, "file", "YAML", "a list or mapping that does not end");
        }

        return stream.Documents.Count == 1
            ? new YamlFields(file, "", stream.Documents[0].RootNode)
            : throw new YamlFileException(file, 1, "file", "one YAML document", $"{stream.Documents.Count}");
    }

    public IEnumerable<string> Keys => _node.Children.Keys.Select(key => Scalar(key, Name("key")));

    public bool Has(string key)
    {
        _asked.Add(key);
        return _node.Children.ContainsKey(new YamlScalarNode(key));
    }

    public string Text(string key) => Scalar(Node(key), Name(key));

    /// <summary>A value that must be there.</summary>
    /// <param name="expected">For errors: what it should be.</param>
    public T Value<T>(string key, TryParse<T> parse, string expected)
    {
        var text = Text(key);
        return parse(text, out var value) ? value : throw Wrong(_file, Node(key), Name(key), expected, $"'{text}'");
    }

    /// <summary>A value that may be left out.</summary>
    public T ValueOr<T>(string key, T standard, TryParse<T> parse, string expected)
    {
        return Has(key) ? Value(key, parse, expected) : standard;
    }

    /// <summary>The mapping under a key.</summary>
    public YamlFields Section(string key) => new(_file, Name(key), Node(key));

    /// <summary>The mappings of the list under a key.</summary>
    public IReadOnlyList<YamlFields> Sections(string key) =>
        Node(key) is YamlSequenceNode list
            ? [.. list.Children.Select((item, i) => new YamlFields(_file, $"{Name(key)}[{i}]", item))]
            : throw Wrong(_file, Node(key), Name(key), "a list");

    /// <summary>The texts of the list under a key; one text is a list of it.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        Node(key) is YamlSequenceNode list ? [.. list.Children.Select((item, i) => Scalar(item, $"{Name(key)}[{i}]"))] : [Text(key)];

    /// <summary>A mistake at a key, or at the mapping itself.</summary>
    public YamlFileException Wrong(string key, string expected, string found) =>
        new(_file, (Has(key) ? Node(key) : _node).Start.Line, Name(key), expected, found);

    /// <summary>Every key that is there must have been asked for.</summary>
    public void RefuseOthers()
    {
        foreach (var (key, value) in _node.Children)
        {
            if (!_asked.Contains(Scalar(key, Name("key"))))
            {
                throw new YamlFileException(_file, key.Start.Line, Name(Scalar(key, "key")), $"one of {string.Join(", ", _asked)}", "a key that is not known");
            }
        }
    }

    private string Name(string key) => _path.Length > 0 ? $"{_path}.{key}" : key;

    private YamlNode Node(string key) =>
        Has(key) ? _node.Children[new YamlScalarNode(key)] : throw new YamlFileException(_file, _node.Start.Line, Name(key), "a value", "nothing");

    private string Scalar(YamlNode node, string name) =>
        node is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw Wrong(_file, node, name, "a value");

    private static YamlFileException Wrong(string file, YamlNode node, string name, string expected, string? found = null) =>
        new(file, node.Start.Line, name, expected, found ?? node switch
        {
            YamlSequenceNode => "a list",
            YamlMappingNode => "keys with values",
            YamlScalarNode { Value: { Length: > 0 } text } => $"'{text}'",
            _ => "nothing",
        });
}

/// <summary>Reads a value from a text.</summary>
internal delegate bool TryParse<T>(string text, out T value);
