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
            output.WriteLine($"wrote {folder.Result}");
        }
    }
}
