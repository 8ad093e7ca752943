using Llama4.Tokenization.HuggingFace;
using Llama4.Tokenization.Tiktoken;

namespace Llama4.Tokenization;

/// <summary>Loads the tokenizer of a checkpoint: tiktoken's <c>tokenizer.model</c>, or Hugging Face's <c>tokenizer.json</c>.</summary>
public static class TokenizerLoader
{
    /// <summary>Loads a file, whatever its name, or from a folder its tokenizer.model and else its tokenizer.json.</summary>
    /// <exception cref="TokenizerFormatException">There is no such file, or it is not of the form; the message says what was expected and found.</exception>
    public static Tokenizer Load(string fileOrDirectory)
    {
        try
        {
            return Read(Directory.Exists(fileOrDirectory) ? FileOf(fileOrDirectory) : fileOrDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerFormatException(fileOrDirectory, $"expected a readable tokenizer file or folder: {e.Message}", e);
        }
    }

    private static string FileOf(string directory)
    {
        string[] names = ["tokenizer.model", "tokenizer.json"];
        return names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists)
            ?? throw new TokenizerFormatException(directory, "expected tokenizer.model or tokenizer.json, found neither.");
    }

    private static Tokenizer Read(string file)
    {
        if (StartsLikeJson(file))
        {
            return TokenizerJson.Read(file);
        }

        var table = TiktokenFile.Read(file);
        return new TiktokenTokenizer(table, new SpecialTokens(SpecialsBeside.Find(file, table.Count) ?? Llama4Specials.From(table.Count)));
    }

    /// <summary>Base64 has no brace, so the first character that is no white space tells the two forms apart.</summary>
    private static bool StartsLikeJson(string file)
    {
        using var reader = new StreamReader(file);
        while (reader.Read() is var unit and >= 0)
        {
            if (!char.IsWhiteSpace((char)unit))
            {
                return unit == '{';
            }
        }

        return false;
    }
}
