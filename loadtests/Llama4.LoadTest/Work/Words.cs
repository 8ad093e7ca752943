using System.Text;

namespace Llama4.LoadTest.Work;

/// <summary>Text of a given length: common short words, each of which, with the blank before it, is one token in scout-nano's vocabulary and in those of large models.</summary>
internal static class Words
{
    private static readonly string[] Common =
        ("the and word for day has live you than old about year big gone quiet left saw made near does name city they with are not have there many let number answer color said can this "
        + "which list blue story help red call wind back after shape best were looked will planet pen even star car hill river music circle cross home ring gold yellow stone garden path milk "
        + "silver fire boat magic white last square bread warm found farm went asked true green table wolf cat dog duck rain sun people market song time robot mouse night forest speak book "
        + "write train eagle castle horse before water need copper radio happy iron gate piano little end text salt nice dance shirt pocket month dragon beach summer coat leaf snow shoe "
        + "sugar cloud wheel camera glass clock fish moon button ocean ship chair school watch queen king brush window hat wood island door valley winter phone off spring desert bottle small "
        + "guitar flower plane apple paper tower root money mirror from map meet very ever long until lost over hills fields bell stand ball brave short please second light play first cold sky").Split(' ');

    /// <summary>About <paramref name="tokens"/> tokens; what a server counts is in the report.</summary>
    public static string Text(Draws draws, int tokens)
    {
        var text = new StringBuilder(tokens * 6);
        for (var i = 0; i < tokens; i++)
        {
            text.Append(i == 0 ? "" : " ").Append(draws.Of(Common));
        }

        return text.ToString();
    }
}
