using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Verbs;

/// <summary>What becomes of a result: the text, and the files where a folder was given.</summary>
internal static class Finish
{
    public static void Run(LoadResult result, ResultFolder? folder, TextWriter output)
    {
        ResultText.Write(result, output);
        if (folder is not null)
        {
            folder.Write(result);
            WritePage(folder.Report, ResultPage.Of(result));
            output.WriteLine($"wrote {folder.Result}, {folder.Report}");
        }
    }

    /// <exception cref="LoadTestException">The file cannot be written.</exception>
    public static void WritePage(string path, string page)
    {
        try
        {
            File.WriteAllText(path, page);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LoadTestException($"{path}: expected a file that can be written, found: {error.Message}");
        }
    }
}
