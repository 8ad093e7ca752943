using System.Text.Json;
using CsCheck;

namespace Llama4.Images.Tests;

public sealed class DataUriTests
{
    public static TheoryData<int> Urls =>
        [.. GoldenImages.Read<UrlCase>("bad", "urls.jsonl").Where(one => one.Url.ValueKind == JsonValueKind.String).Select(one => one.Id)];

    [Theory]
    [MemberData(nameof(Urls))]
    public void Read_OfAGoldenUrl_IsWhatIsExpectedOfIt(int id)
    {
        var expected = GoldenImages.Read<UrlCase>("bad", "urls.jsonl").Single(one => one.Id == id);
        RgbPicture picture;
        try
        {
            picture = ImageDecoder.Decode(DataUri.Read(expected.Url.GetString()));
        }
        catch (ImageFormatException error)
        {
            expected.Expect.ShouldNotBe("accept", error.Message);
            return;
        }

        expected.Expect.ShouldNotBe("reject", expected.What);
        (picture.Width, picture.Height).ShouldBe((expected.Width!.Value, expected.Height!.Value));
        if (expected.RgbSha256 is not null)
        {
            GoldenImages.Sha256(picture.Rgb).ShouldBe(expected.RgbSha256);
        }
    }

    [Fact]
    public void Read_HoweverTheBase64IsWritten_GivesTheBytes() =>
        Gen.Select(Gen.Byte.Array[1, 100], Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool).Sample((bytes, forUrls, padded, escaped, broken) =>
        {
            var text = Convert.ToBase64String(bytes);
            text = padded ? text : text.TrimEnd('=');
            text = forUrls ? text.Replace('+', '-').Replace('/', '_') : text;
            text = escaped ? text.Replace("+", "%2B").Replace("/", "%2f").Replace("=", "%3D") : text;
            text = broken ? text.Insert(text.Length / 2 == 0 || text[text.Length / 2 - 1] == '%' || text[Math.Max(0, text.Length / 2 - 2)] == '%' ? 0 : text.Length / 2, "\r\n ") : text;

            DataUri.Read("data:image/png;base64," + text).ShouldBe(bytes);
        });

    [Fact]
    public void Read_OfMoreThanTheLimit_IsRefused()
    {
        var limits = new ImageLimits { BytesMax = 100 };
        var most = "data:;base64," + Convert.ToBase64String(new byte[100]);

        DataUri.Read(most, limits).Length.ShouldBe(100);
        Should.Throw<ImageFormatException>(() => DataUri.Read("data:;base64," + Convert.ToBase64String(new byte[101]), limits)).Message.ShouldContain("at most 100 bytes");
        Should.Throw<ImageFormatException>(() => DataUri.Read("data:;base64," + new string('A', 1 << 20), limits)).Message.ShouldContain("at most 100 bytes");
    }

    [Theory]
    [InlineData("data:;base64,AAA=AAA=", "found 'A'")]
    [InlineData("data:;base64,AA=", "padded by 1")]
    [InlineData("data:;base64,AAAA=", "padded by 1")]
    [InlineData("data:;base64,A%4", "hexadecimal")]
    [InlineData("data:;base64,A%zzA", "hexadecimal")]
    [InlineData("data:;base64,AAA\u00E4", "found '\u00E4'")]
    public void Read_OfBadBase64_SaysWhatIsWrong(string url, string message) =>
        Should.Throw<ImageFormatException>(() => DataUri.Read(url)).Message.ShouldContain(message);
}
