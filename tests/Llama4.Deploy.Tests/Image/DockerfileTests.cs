using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Llama4.Deploy.Tests.Image;

/// <summary>deploy/Dockerfile makes the image that dotnet publish -t:PublishContainer makes, on another base.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllText(Path.Combine(Golden.Checkout, "deploy", "Dockerfile")).ReplaceLineEndings("\n").Replace("\\\n", " ").Split('\n');
    private static readonly XDocument Project = XDocument.Load(Path.Combine(Golden.Checkout, "src", "Llama4.Server", "Llama4.Server.csproj"));

    [Fact]
    public void Image_IsStartedAsTheOtherOne()
    {
        Words("ENTRYPOINT").ShouldBe(Items("ContainerAppCommand"));
        Words("CMD").ShouldBe(Items("ContainerDefaultArgs"));
        Lines.Single(line => line.StartsWith("EXPOSE ")).Split(' ')[1..].ShouldBe(Items("ContainerPort"));
        Lines.Last(line => line.StartsWith("USER ")).ShouldBe($"USER {Project.Descendants("ContainerUser").Single().Value}:{Project.Descendants("ContainerUser").Single().Value}");
    }

    [Fact]
    public void Bases_AreOfOneVersion() =>
        Lines.Where(line => line.StartsWith("ARG ") && line.Contains('/')).Select(line => line.Split('=')[1]).ShouldAllBe(image => Pinned().IsMatch(image));

    [Fact]
    public void Copies_AreThere()
    {
        var copied = Lines.Where(line => line.StartsWith("COPY ") && !line.Contains("--from")).SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1]).ToList();

        copied.ShouldContain("src");
        copied.Where(path => !File.Exists(Path.Combine(Golden.Checkout, path)) && !Directory.Exists(Path.Combine(Golden.Checkout, path))).ShouldBeEmpty();
    }

    private static string[] Words(string instruction) =>
        [.. Quoted().Matches(Lines.Single(line => line.StartsWith(instruction + " "))).Select(word => word.Groups["word"].Value)];

    private static string[] Items(string name) => [.. Project.Descendants(name).SelectMany(item => item.Attribute("Include")!.Value.Split(';'))];

    [GeneratedRegex("\"(?<word>[^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^[a-z0-9./-]+:\d+\.\d+\.\d+[\w.-]*$")]
    private static partial Regex Pinned();
}
