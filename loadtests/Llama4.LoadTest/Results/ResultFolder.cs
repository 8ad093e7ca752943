using System.Text.Json;

namespace Llama4.LoadTest.Results;

/// <summary>Where a run's files are: <c>result.json</c>, <c>requests.jsonl</c>, <c>report.html</c>.</summary>
internal sealed class ResultFolder
{
    /// <summary>Far beyond the largest result: a bound on what a wrong file makes us read.</summary>
    private const long BytesMax = 64 << 20;

    private readonly string _path;

    /// <summary>Makes the folder if it is not there.</summary>
    /// <exception cref="LoadTestException">It cannot be made.</exception>
    public ResultFolder(string path)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LoadTestException($"--out: expected a folder that can be made, found: {error.Message}");
        }
    }

    public string Path => _path;

    public string Result => System.IO.Path.Combine(_path, "result.json");

    public string Report => System.IO.Path.Combine(_path, "report.html");

    public StreamWriter OpenRequests() => new(System.IO.Path.Combine(_path, "requests.jsonl"));

    /// <summary>Replaces the result at once: who reads it meanwhile has the old one or the new one.</summary>
    public void Write(LoadResult result)
    {
        var unfinished = Result + ".tmp";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(result, JsonFiles.Strict));
        File.Move(unfinished, Result, overwrite: true);
    }

    /// <param name="path">A folder of a run, or its <c>result.json</c>.</param>
    /// <exception cref="LoadTestException">There is no result.</exception>
    public static LoadResult Read(string path)
    {
        var file = Directory.Exists(path) ? System.IO.Path.Combine(path, "result.json") : path;
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > BytesMax } large)
            {
                throw new LoadTestException($"{file}: expected at most {BytesMax:N0} bytes, found {large.Length:N0}");
            }

            var result = JsonSerializer.Deserialize<LoadResult>(File.ReadAllText(file), JsonFiles.Line);
            return result is { Format: LoadResult.FormatName } ? result : throw new LoadTestException($"{file}: expected format {LoadResult.FormatName}, found {result?.Format ?? "null"}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            throw new LoadTestException($"{file}: expected the result of a run, found: {error.Message}");
        }
    }
}
