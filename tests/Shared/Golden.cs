namespace Llama4.Tests;

/// <summary>Finds the golden files under <c>tests/golden</c> and the other files of the checkout that tests read.</summary>
internal static class Golden
{
    /// <summary>The checkout: the nearest folder above the test binary that holds <c>Llama4Cluster.sln</c>.</summary>
    public static string Checkout { get; } = FindCheckout();

    /// <summary>The folder of the golden files.</summary>
    public static string Root { get; } = System.IO.Path.Combine(Checkout, "tests", "golden");

    /// <summary>The path of one golden file or folder; it must exist.</summary>
    public static string Path(params string[] parts)
    {
        var path = System.IO.Path.Combine([Root, .. parts]);
        return File.Exists(path) || Directory.Exists(path)
            ? path
            : throw new FileNotFoundException($"Golden file not found: {path}");
    }

    private static string FindCheckout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Llama4Cluster.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Llama4Cluster.sln");
    }
}
