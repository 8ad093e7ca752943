using System.Text.Json;
using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization.Tests.Splitting;

public sealed class CharacterClassTableTests
{
    [Fact]
    public void Of_WhenAnyCodePoint_IsWhatTheReferenceSees()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Golden.Path("tokenizer", "char-classes.json")));
        var expected = new CharacterClasses[0x110000];
        foreach (var one in golden.RootElement.EnumerateObject())
        {
            foreach (var range in one.Value.GetProperty("ranges").EnumerateArray())
            {
                expected.AsSpan(range[0].GetInt32()..(range[1].GetInt32() + 1)).Fill(ClassesOf(one.Name));
            }
        }

        expected['\r'] |= CharacterClasses.NewLine;
        expected['\n'] |= CharacterClasses.NewLine;
        var wrong = Enumerable.Range(0, expected.Length).Where(codePoint => CharacterClassTable.Of(codePoint) != expected[codePoint]);
        wrong.ShouldBeEmpty();
    }

    private static CharacterClasses ClassesOf(string name) => name switch
    {
        "Lu" or "Lt" => CharacterClasses.Front | CharacterClasses.Letter,
        "Ll" => CharacterClasses.Back | CharacterClasses.Letter,
        "Lm" or "Lo" => CharacterClasses.Front | CharacterClasses.Back | CharacterClasses.Letter,
        "M" => CharacterClasses.Front | CharacterClasses.Back,
        "N" => CharacterClasses.Number,
        "space" => CharacterClasses.Space,
        _ => throw new ArgumentException($"No class for {name}"),
    };
}
