using System.Net;
using System.Text.Json;

namespace Llama4.Images.Tests.Hosts;

public sealed class ImageHostsTests
{
    private static readonly ImageHosts Some = new(["images.example.com", "*.example.org", "cdn.example.net:8443", "[2606:4700::1]"]);

    [Theory]
    [InlineData("https://images.example.com/a.png")]
    [InlineData("http://IMAGES.example.com./a.png?x=1")]
    [InlineData("https://a.b.example.org/")]
    [InlineData("https://cdn.example.net:8443/a")]
    [InlineData("http://[2606:4700::1]/a")]
    public void Check_OfANamedHost_GivesTheAddress(string url) => Some.Check(url).Scheme.ShouldStartWith("http");

    [Theory]
    [InlineData("https://example.com/a.png")]
    [InlineData("https://images.example.com.evil.net/a.png")]
    [InlineData("https://evilexample.org/a.png")]
    [InlineData("https://example.org/a.png")]
    [InlineData("https://images.example.com:8443/a.png")]
    [InlineData("https://cdn.example.net/a.png")]
    [InlineData("https://images.example.com@evil.net/a.png")]
    [InlineData("https://user:password@images.example.com/a.png")]
    [InlineData("http://127.0.0.1/a.png")]
    [InlineData("ftp://images.example.com/a.png")]
    [InlineData("file:///etc/passwd")]
    [InlineData("//images.example.com/a.png")]
    [InlineData("")]
    public void Check_OfAnyOther_IsRefused(string url) => Should.Throw<ImageFormatException>(() => Some.Check(url)).Message.ShouldStartWith("expected");

    [Fact]
    public void Check_OfEveryGoldenUrlThatIsNoData_IsRefused()
    {
        var urls = GoldenImages.Read<UrlCase>("bad", "urls.jsonl").Where(one => one.Url.ValueKind == JsonValueKind.String).Select(one => one.Url.GetString()!)
            .Where(url => !DataUri.Is(url)).ToList();
        urls.ShouldNotBeEmpty();
        foreach (var url in urls)
        {
            Should.Throw<ImageFormatException>(() => ImageHosts.None.Check(url));
            Should.Throw<ImageFormatException>(() => Some.Check(url));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://example.com")]
    [InlineData("example.com/path")]
    [InlineData("user@example.com")]
    public void Create_OfWhatIsNoHost_IsRefused(string host) => Should.Throw<ArgumentException>(() => new ImageHosts([host])).Message.ShouldContain("expected a host");

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2606:4700::1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:db8::1", false)]
    public void Is_OfAnAddress_SaysWhetherItIsPublic(string address, bool isPublic) => PublicAddress.Is(IPAddress.Parse(address)).ShouldBe(isPublic);
}
