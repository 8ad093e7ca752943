using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Image;

/// <summary>What deploy/README.md promises of the container image, of one that is built here by dotnet publish -t:PublishContainer.</summary>
public sealed partial class ImageTests(OfflineImage image) : IClassFixture<OfflineImage>
{
    private const string UserId = "10001";

    /// <summary>A patch of .NET or of Debian's packages more or less; past it the report is to be written anew.</summary>
    private const double SizeShare = 0.03;

    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    [Fact]
    public void Image_RunsAsNobodyAndListensByOptionsOnly()
    {
        image.Require();
        var config = image.Config().GetProperty("config");

        config.GetProperty("User").GetString().ShouldBe(UserId);
        config.GetProperty("WorkingDir").GetString().ShouldBe("/app/");
        config.GetProperty("Entrypoint").EnumerateArray().Select(one => one.GetString()).ShouldBe(["/app/llama4"]);
        config.GetProperty("Cmd").EnumerateArray().Select(one => one.GetString()).ShouldBe(["serve", "--bind", "0.0.0.0"]);
        config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name).ShouldBe(["8080/tcp", "9091/tcp", "11111/tcp", "30000/tcp"], ignoreOrder: true);
    }

    [Fact]
    public void Image_HoldsTheBundledModelAndNothingThatItsUserCouldChange()
    {
        image.Require();
        var app = image.Layer(^1);

        app.ShouldContain(file => file.Name == "app/models/scout-nano/model.safetensors");
        app.ShouldAllBe(file => file.Owner == 0 && (file.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0);
    }

    [Fact]
    public void Base_HasNoShellAndNoPackageManager()
    {
        image.Require();
        var names = image.Layer(0).Select(file => Path.GetFileName(file.Name)).ToHashSet();

        names.ShouldContain("libc.so.6");
        names.ShouldContain("ca-certificates.crt");
        names.Intersect(["sh", "bash", "dash", "busybox", "apt", "dpkg", "perl"]).ShouldBeEmpty();
    }

    [Fact]
    public void Image_IsAsLargeAsStated()
    {
        image.Require();
        var stated = NotCompiledAhead().Match(File.ReadAllText(Path.Combine(Golden.Checkout, "docs", "reports.md")));
        string[] measured = image.Digest.Split(' ');

        foreach (var (name, bytes) in new[] { ("travels", measured[1]), ("disk", measured[2]) })
        {
            var expected = long.Parse(stated.Groups[name].Value) * 1e6;
            double.Parse(bytes, System.Globalization.CultureInfo.InvariantCulture).ShouldBe(expected, SizeShare * expected, name);
        }
    }

    [GeneratedRegex("not compiled ahead (?<travels>[0-9]+) and (?<disk>[0-9]+) MB")]
    private static partial Regex NotCompiledAhead();

    [Fact]
    public async Task Image_BuiltTwice_HasOneDigest()
    {
        image.Require();
        // Made anew: the program itself and everything that is packed. That a clean copy gives the same is deploy/image/verify-reproducible.sh.
        File.Delete(Path.Combine(Golden.Checkout, "src/Llama4.Server/obj/Release/net10.0/linux-x64/llama4.dll"));

        (await OfflineImage.BuildAsync(image.PathOf("again.tar"))).ShouldBe(image.Digest);

        File.ReadAllBytes(image.PathOf("again.tar")).AsSpan().SequenceEqual(File.ReadAllBytes(image.Archive)).ShouldBeTrue();
    }

    [Fact]
    public async Task Image_StartedForTheFirstTime_AnswersAndStops()
    {
        image.Require();

        var said = await Command.OutputAsync(RunLimit, Path.Combine(Golden.Checkout, "deploy/image/first-answer.sh"), image.Archive);

        said.ShouldContain("Paris");
        said.ShouldContain($"uid {UserId}, capabilities 0000000000000000");
        said.ShouldContain("asked inside whether it is ready: ready");
        said.ShouldContain("stopped with 0");
    }

    /// <summary>No systemd need run for this: the kernel is given the same list, in the form that containers take it.</summary>
    [Fact]
    public async Task Image_WithTheSystemCallsOfTheUnitsOnly_Answers()
    {
        image.Require();
        var profile = image.PathOf("system-calls.json");
        await File.WriteAllTextAsync(profile, await SystemCalls.OfUnitsAsync(), TestContext.Current.CancellationToken);

        var said = await Command.OutputAsync(RunLimit, Path.Combine(Golden.Checkout, "deploy/image/first-answer.sh"), image.Archive, "--security-opt", $"seccomp={profile}");

        said.ShouldContain("Paris");
    }
}
