namespace Llama4.Images.Tests;

public sealed class OrientationTests
{
    /// <summary>A picture of 3x2 whose pixels are numbered, as each orientation shows it.</summary>
    [Theory]
    [InlineData(1, 3, "012345")]
    [InlineData(2, 3, "210543")]
    [InlineData(3, 3, "543210")]
    [InlineData(4, 3, "345012")]
    [InlineData(5, 2, "031425")]
    [InlineData(6, 2, "304152")]
    [InlineData(7, 2, "524130")]
    [InlineData(8, 2, "251403")]
    public void Apply_TurnsThePicture(int orientation, int width, string pixels)
    {
        var stored = new RgbPicture(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)(10 * (i / 3) + i % 3))]);

        var seen = ((Orientation)orientation).Apply(stored);

        (seen.Width, seen.Height).ShouldBe((width, 6 / width));
        seen.Rgb.ShouldBe(pixels.SelectMany(pixel => Enumerable.Range(0, 3).Select(channel => (byte)(10 * (pixel - '0') + channel))));
    }

    [Theory]
    [InlineData("4D4D002A00000008 0001 0112 0003 00000001 00060000", 6)]
    [InlineData("49492A0008000000 0100 1201 0300 01000000 08000000", 8)]
    [InlineData("457869660000 49492A0008000000 0100 1201 0300 01000000 05000000", 5)]
    [InlineData("49492A0008000000 0200 0F01 0200 01000000 41000000 1201 0400 01000000 03000000", 3)]
    [InlineData("49492A0008000000 0100 1201 0300 01000000 00000000", 1)] // no orientation
    [InlineData("49492A0008000000 0100 1201 0300 01000000 09000000", 1)]
    [InlineData("49492A0008000000 0100 1201 0300 02000000 06000000", 1)] // two of them
    [InlineData("49492A0008000000 0100 1201 0200 01000000 06000000", 1)] // a text
    [InlineData("49492A0008000000 0500 1201 0300 0100", 1)] // cut
    [InlineData("49492A00FFFFFFFF 0100 1201 0300 01000000 06000000", 1)] // a folder nowhere
    [InlineData("49492A0009000000", 1)]
    [InlineData("4949", 1)]
    [InlineData("", 1)]
    public void Read_OfExif_FindsTheOrientationOrNone(string exif, int orientation) =>
        ((int)ExifOrientation.Read(Convert.FromHexString(exif.Replace(" ", "")))).ShouldBe(orientation);

    [Fact]
    public void OnWhite_OfEveryPair_IsRoundedCorrectly()
    {
        for (var level = 0; level < 256; level++)
        {
            for (var alpha = 0; alpha < 256; alpha++)
            {
                WhitePage.Under(level, alpha).ShouldBe((byte)((level * alpha + 255 * (255 - alpha) + 127) / 255));
            }
        }
    }
}
