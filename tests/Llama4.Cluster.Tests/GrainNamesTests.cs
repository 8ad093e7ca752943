namespace Llama4.Cluster.Tests;

public class GrainNamesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1/")]
    [InlineData("1/2")]
    [InlineData("/1@host")]
    [InlineData("1/-2@host")]
    [InlineData("a/b@host")]
    public void Split_OfAKeyThatIsNoPairOnAHost_Throws(string key) => Should.Throw<ArgumentException>(() => GrainNames.Split(key));

    [Fact]
    public void Key_OfAPairOnAHost_ComesApart()
    {
        GrainNames.Split("12/3@gpu-7.x").ShouldBe((12, 3));
        GrainNames.HostOf("12/3@gpu-7.x").Name.ShouldBe("gpu-7.x");
        GrainNames.Number("2@gpu").ShouldBe(2);
    }

    [Theory]
    [InlineData("1/2")]
    [InlineData("1/2@")]
    public void HostOf_AKeyWithoutOne_Throws(string key) => Should.Throw<ArgumentException>(() => GrainNames.HostOf(key));
}
