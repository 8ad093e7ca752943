namespace Llama4.Server;

/// <summary>scout-nano, which stands beside the executable however it was built: in bin, published, or installed as a tool.</summary>
internal static class BundledModel
{
    /// <exception cref="DirectoryNotFoundException">The executable was taken away from its models folder.</exception>
    public static string Directory
    {
        get
        {
            var directory = Path.Combine(AppContext.BaseDirectory, "models", "scout-nano");
            return System.IO.Directory.Exists(directory)
                ? directory
                : throw new DirectoryNotFoundException($"the bundled model is not at {directory}: keep the models folder beside the executable, or name a model with --model DIR");
        }
    }
}
